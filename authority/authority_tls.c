/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include "authority/x509sign.h"
#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define SERVER_LIFETIME dur_s(365LL * 24 * 3600)

/* The proxy is reached by the same names as auth, as everything listens on loopback. */
#define SERVER_NAMES                                                                               \
    "DNS:teleport.cluster.local,DNS:*.teleport.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1"

void authority_ca_release(struct authority_ca *c)
{
    strlist_release(&c->tls);
    strlist_release(&c->ssh);
}

static RESULT describe(const struct ca *ca, struct authority_ca *ret)
{
    CLEANUP(authority_ca_release) struct authority_ca c = {.phase = ca->phase};
    TRY(ca_trusted_tls(ca, &c.tls));
    TRY(ca_trusted_ssh(ca, &c.ssh));
    *ret = c;
    c = (struct authority_ca){.phase = CA_STANDBY};
    return NULL;
}

RESULT authority_ca(struct authority *a, enum ca_kind kind, struct authority_ca *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    return describe(&a->state.cas[kind], ret);
}

RESULT authority_leaf_ca(struct authority *a, size_t index, enum ca_kind kind,
                         struct authority_ca *ret)
{
    const struct authority_leaf *leaf = &a->leaf_cas[index];
    if (kind != CA_HOST && kind != CA_USER)
        return err_new(ERR_NOT_FOUND, "cert authority \"%s\" of cluster \"%s\" is not found",
                       ca_kind_name(kind), a->leaves.items[index]);
    return describe(kind == CA_HOST ? &leaf->host : &leaf->user, ret);
}

/* Servers take a new host authority into use one phase after the clients. */
static const struct ca_keys *host_issuer(const struct authority *a)
{
    const struct ca *host = &a->state.cas[CA_HOST];
    return host->phase == CA_UPDATE_CLIENTS ? &host->additional : &host->active;
}

RESULT authority_pin(struct authority *a, struct buf *out)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    TRY(pin_of(host_issuer(a)->cert, &pin));
    return buf_add_str(out, pin_format(&pin, text));
}

RESULT authority_web_ca(struct authority *a, struct buf *out)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    return x509_to_pem(a->state.web.cert, out);
}

static void name_freep(X509_NAME **p)
{
    X509_NAME_free(*p);
}

static RESULT sign_server(const struct authority *a, const struct ca_keys *issuer,
                          const struct key *key, X509 **ret)
{
    CLEANUP(name_freep) X509_NAME *subject = X509_NAME_new();
    if (!subject)
        return err_nomem();
    TRY(x509sign_subject_add(subject, OID_ORGANIZATION, "Auth"));
    TRY(x509sign_subject_add(subject, OID_COMMON_NAME, "tbot-authority"));
    /* The true time, whatever clock-skew says: a cluster's own certificate is an old one. */
    struct wall now = clock_wall(a->clock);
    const struct x509sign_leaf leaf = {.public_key = key_evp(key),
                                       .subject = subject,
                                       .alt_names = SERVER_NAMES,
                                       .not_before = wall_add(now, dur_s(-3600)),
                                       .not_after = wall_add(now, SERVER_LIFETIME)};
    return x509sign_leaf(&leaf, issuer->cert, key_evp(issuer->tls), a->entropy, ret);
}

RESULT authority_server_cert(struct authority *a, enum authority_face face, X509 **ret_cert,
                             struct key **ret_key)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    bool is_auth = face == AUTHORITY_FACE_AUTH;
    const struct ca_keys *issuer = face == AUTHORITY_FACE_WRONG ? &a->foreign
                                   : is_auth                    ? host_issuer(a)
                                                                : &a->state.web;
    struct key *key = is_auth ? a->auth_key : a->web_key;
    TRY(sign_server(a, issuer, key, ret_cert));
    *ret_key = key;
    return NULL;
}

static bool add_trusted(X509_STORE *store, const struct ca *ca)
{
    const struct ca_keys *const sets[] = {&ca->active, &ca->additional};
    for (size_t i = 0; i < 2; i++) {
        if (sets[i]->cert && !X509_STORE_add_cert(store, sets[i]->cert))
            return false;
    }
    return true;
}

static void store_freep(X509_STORE **p)
{
    X509_STORE_free(*p);
}

static void store_ctx_freep(X509_STORE_CTX **p)
{
    X509_STORE_CTX_free(*p);
}

int authority_verify_client(struct authority *a, X509 *cert)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    CLEANUP(store_freep) X509_STORE *store = X509_STORE_new();
    CLEANUP(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!store || !ctx || !add_trusted(store, &a->state.cas[CA_USER]) ||
        !add_trusted(store, &a->state.cas[CA_HOST]) || !X509_STORE_CTX_init(ctx, store, cert, NULL))
        return X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX_set_time(ctx, 0, (time_t)wall_to_unix(authority_now(a)));
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
    return X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
}
