/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ca.h"

#include "authority/pubkey.h"
#include "authority/x509sign.h"
#include "identity/pki/x509.h"

#include <openssl/x509.h>

#include <pthread.h>
#include <string.h>

#define CERT_PEM_MAX (16 * 1024)

static const char *const kind_names[CA_KIND_COUNT] = {
    [CA_HOST] = "host",
    [CA_USER] = "user",
    [CA_DB] = "db",
    [CA_SPIFFE] = "spiffe",
};

const char *ca_kind_name(enum ca_kind kind)
{
    return kind_names[kind];
}

bool ca_kind_parse(const char *text, enum ca_kind *ret)
{
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        if (strcmp(text, kind_names[i]) == 0) {
            *ret = (enum ca_kind)i;
            return true;
        }
    }
    return false;
}

bool ca_kind_has_ssh(enum ca_kind kind)
{
    return kind == CA_HOST || kind == CA_USER;
}

static const char *const phase_names[] = {
    [CA_STANDBY] = "standby",
    [CA_INIT] = "init",
    [CA_UPDATE_CLIENTS] = "update_clients",
    [CA_UPDATE_SERVERS] = "update_servers",
    [CA_ROLLBACK] = "rollback",
};

const char *ca_phase_name(enum ca_phase phase)
{
    return phase_names[phase];
}

bool ca_phase_parse(const char *text, enum ca_phase *ret)
{
    for (size_t i = 0; i < sizeof(phase_names) / sizeof(*phase_names); i++) {
        if (strcmp(text, phase_names[i]) == 0) {
            *ret = (enum ca_phase)i;
            return true;
        }
    }
    return false;
}

enum ca_phase ca_phase_next(enum ca_phase phase)
{
    switch (phase) {
    case CA_STANDBY:
        return CA_INIT;
    case CA_INIT:
        return CA_UPDATE_CLIENTS;
    case CA_UPDATE_CLIENTS:
        return CA_UPDATE_SERVERS;
    case CA_UPDATE_SERVERS:
    case CA_ROLLBACK:
        break;
    }
    return CA_STANDBY;
}

/* Database authorities stay with RSA in every suite: old database servers know nothing else. */
static enum key_kind tls_key_kind(enum ca_kind kind, enum suite suite)
{
    return suite == SUITE_LEGACY || kind == CA_DB ? KEY_RSA_2048 : KEY_ECDSA_P256;
}

static enum key_kind ssh_key_kind(enum suite suite)
{
    switch (suite) {
    case SUITE_LEGACY:
        return KEY_RSA_2048;
    case SUITE_BALANCED_V1:
        return KEY_ED25519;
    case SUITE_FIPS_V1:
    case SUITE_HSM_V1:
        break;
    }
    return KEY_ECDSA_P256;
}

void ca_keys_release(struct ca_keys *k)
{
    key_free(k->tls);
    X509_free(k->cert);
    key_free(k->ssh);
    *k = (struct ca_keys){0};
}

RESULT ca_keys_generate(enum ca_kind kind, enum suite suite, const char *cluster, struct wall now,
                        struct ca_keys *ret)
{
    CLEANUP(ca_keys_release) struct ca_keys made = {0};
    TRY(key_generate(tls_key_kind(kind, suite), &made.tls));
    TRY(x509sign_ca(key_evp(made.tls), cluster, now, entropy_system(), &made.cert));
    if (ca_kind_has_ssh(kind))
        TRY(key_generate(ssh_key_kind(suite), &made.ssh));
    *ret = made;
    made = (struct ca_keys){0};
    return NULL;
}

void ca_release(struct ca *ca)
{
    ca_keys_release(&ca->active);
    ca_keys_release(&ca->additional);
    *ca = (struct ca){0};
}

struct generation {
    enum ca_kind kind;
    enum suite suite;
    const char *cluster;
    struct wall now;
    struct ca_keys made;
    struct err *err;
};

static void *generate(void *arg)
{
    struct generation *g = arg;
    g->err = ca_keys_generate(g->kind, g->suite, g->cluster, g->now, &g->made);
    return NULL;
}

/* An RSA key takes a good part of a second and a legacy cluster needs six. */
RESULT ca_generate_all(enum suite suite, const char *cluster, struct wall now,
                       struct ca ret[CA_KIND_COUNT])
{
    struct generation jobs[CA_KIND_COUNT];
    pthread_t threads[CA_KIND_COUNT];
    bool is_started[CA_KIND_COUNT];
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        jobs[i] = (struct generation){(enum ca_kind)i, suite, cluster, now, {0}, NULL};
        is_started[i] = pthread_create(&threads[i], NULL, generate, &jobs[i]) == 0;
        if (!is_started[i])
            generate(&jobs[i]);
    }
    struct err *first = NULL;
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        if (is_started[i])
            pthread_join(threads[i], NULL);
        ret[i] = (struct ca){.kind = (enum ca_kind)i, .active = jobs[i].made};
        if (first)
            err_free(jobs[i].err);
        else
            first = jobs[i].err;
    }
    for (int i = 0; first && i < CA_KIND_COUNT; i++)
        ca_release(&ret[i]);
    return first;
}

static void swap_sets(struct ca *ca)
{
    struct ca_keys former = ca->active;
    ca->active = ca->additional;
    ca->additional = former;
}

/* Whether the active keys are the new ones: from `update_clients` on. */
static bool is_swapped(const struct ca *ca)
{
    return ca->phase == CA_UPDATE_CLIENTS || ca->phase == CA_UPDATE_SERVERS;
}

RESULT ca_rotate(struct ca *ca, enum ca_phase to, struct ca_keys *fresh)
{
    bool is_step = to == CA_ROLLBACK ? ca->phase != CA_STANDBY && ca->phase != CA_ROLLBACK
                                     : to == ca_phase_next(ca->phase);
    if (!is_step)
        return err_new(ERR_REJECTED, "the %s authority cannot go from '%s' to '%s'",
                       ca_kind_name(ca->kind), ca_phase_name(ca->phase), ca_phase_name(to));
    if (to == CA_INIT) {
        ca->additional = *fresh;
        *fresh = (struct ca_keys){0};
    }
    if (to == CA_UPDATE_CLIENTS || (to == CA_ROLLBACK && is_swapped(ca)))
        swap_sets(ca);
    if (to == CA_STANDBY)
        ca_keys_release(&ca->additional);
    ca->phase = to;
    return NULL;
}

RESULT ca_trusted_tls(const struct ca *ca, struct strlist *out)
{
    const struct ca_keys *const sets[] = {&ca->active, &ca->additional};
    for (size_t i = 0; i < 2; i++) {
        if (!sets[i]->cert)
            continue;
        CLEANUP(buf_release) struct buf pem = BUF_INIT(CERT_PEM_MAX);
        TRY(x509_to_pem(sets[i]->cert, &pem));
        TRY(strlist_add(out, buf_str(&pem)));
    }
    return NULL;
}

RESULT ca_trusted_ssh(const struct ca *ca, struct strlist *out)
{
    const struct ca_keys *const sets[] = {&ca->active, &ca->additional};
    for (size_t i = 0; i < 2; i++) {
        if (!sets[i]->ssh)
            continue;
        CLEANUP(buf_release) struct buf line = BUF_INIT(PUBKEY_MAX);
        TRY(key_public_ssh(sets[i]->ssh, &line));
        TRY(strlist_add(out, buf_str(&line)));
    }
    return NULL;
}
