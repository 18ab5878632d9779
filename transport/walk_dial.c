/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "transport/dial.h"
#include "transport/walk_private.h"

#include <stdio.h>
#include <string.h>

/* One dial, as its watcher sees it. */
struct dialling {
    struct walk *walk;
    bool is_verified; /* the handshake judges the certificate */
};

static enum walk_step step_of(enum dial_step step)
{
    static const enum walk_step steps[] = {
        [DIAL_RESOLVE] = WALK_RESOLVE, [DIAL_CONNECT] = WALK_TCP, [DIAL_HANDSHAKE] = WALK_TLS};
    return steps[step];
}

static void on_begin(void *arg, enum dial_step step, const char *where)
{
    const struct dialling *d = arg;
    walk_begin(d->walk, step_of(step), where);
}

/* The first value of the first of the two attributes that is there; names are long as a whole. */
static RESULT find_value(const X509_NAME *name, const char *first, const char *second,
                         struct strlist *ret)
{
    TRY(x509_name_values(name, first, ret));
    return ret->len > 0 ? NULL : x509_name_values(name, second, ret);
}

static void short_name(const X509_NAME *name, const char *first, const char *second,
                       char out[X509_NAME_TEXT_SIZE])
{
    CLEANUP(strlist_release) struct strlist values = {0};
    err_ignore(find_value(name, first, second, &values), "a name that cannot be read is a '?'");
    snprintf(out, X509_NAME_TEXT_SIZE, "%s", values.len > 0 ? values.items[0] : "?");
}

static void tell_certificate(struct walk *w, const struct tls *tls)
{
    char name[X509_NAME_TEXT_SIZE], issuer[X509_NAME_TEXT_SIZE], end[RFC3339_SIZE];
    struct wall from, until;
    X509 *cert = tls_peer_cert(tls);
    struct err *e = x509_validity(cert, &from, &until);
    snprintf(end, sizeof(end), "?");
    if (!e)
        wall_format(until, false, end);
    err_ignore(e, "times that cannot be read are those of a stranger, or were verified");
    short_name(X509_get_subject_name(cert), OID_COMMON_NAME, OID_ORGANIZATION, name);
    short_name(X509_get_issuer_name(cert), OID_ORGANIZATION, OID_COMMON_NAME, issuer);
    if (w->vouched_by)
        walk_ok(w, WALK_CERTIFICATE, w->where,
                "of '%s', issued by '%s', trusted through %s, valid until %s", name, issuer,
                w->vouched_by, end);
    else
        walk_warn(w, WALK_CERTIFICATE,
                  w->config->insecure
                      ? "Leave 'insecure' away, or whoever is on the way can take the token."
                      : "Set 'ca_pins', which 'tctl status' shows on the cluster, or whoever is on "
                        "the way can take the token.",
                  "of '%s', issued by '%s', valid until %s: nobody vouches for it", name, issuer,
                  end);
}

static void handshake_ended(struct dialling *d, const struct dial_event *e)
{
    struct walk *w = d->walk;
    bool is_about_certificate =
        err_code(e->err) == ERR_UNTRUSTED || err_code(e->err) == ERR_EXPIRED;
    if (e->tls) {
        const char *alpn = tls_alpn(e->tls);
        walk_ok(w, WALK_TLS, e->where, "%s, protocol '%s'", tls_version(e->tls),
                *alpn ? alpn : "none");
        if (!w->certificate_is_later)
            tell_certificate(w, e->tls);
    } else if (d->is_verified && is_about_certificate) {
        walk_ok(w, WALK_TLS, e->where, "spoken, as far as to the server's certificate");
        if (w->has_second_opinion && err_code(e->err) == ERR_UNTRUSTED)
            walk_fail_softly(w, WALK_CERTIFICATE, e->where, e->err);
        else
            walk_fail(w, WALK_CERTIFICATE, e->where, e->err);
    } else {
        walk_fail(w, WALK_TLS, e->where, e->err);
    }
}

static void on_end(void *arg, const struct dial_event *e)
{
    struct dialling *d = arg;
    if (e->step == DIAL_HANDSHAKE)
        handshake_ended(d, e);
    else if (e->err && e->goes_on)
        walk_fail_softly(d->walk, step_of(e->step), e->where, e->err);
    else if (e->err)
        walk_fail(d->walk, step_of(e->step), e->where, e->err);
    else if (e->step == DIAL_CONNECT)
        walk_ok(d->walk, WALK_TCP, e->where, "connected");
    else if (strcmp(e->found, e->where) == 0)
        walk_ok(d->walk, WALK_RESOLVE, e->where, "is an address");
    else
        walk_ok(d->walk, WALK_RESOLVE, e->where, "%s", e->found);
}

struct tls *walk_dial(struct walk *w, const struct tls_client_config *config)
{
    struct dialling d = {.walk = w, .is_verified = config->verify != TLS_VERIFY_NONE};
    const struct dial_watch watch = {
        .begin = on_begin, .end = on_end, .arg = &d, .limit = w->config->limit};
    struct tls *tls = NULL;
    struct err *e = dial_tls_watched(&w->config->address, config, &watch, &w->ctx, &tls);
    if (!e)
        return tls;
    err_ignore(e, "the watch has told it");
    return NULL;
}
