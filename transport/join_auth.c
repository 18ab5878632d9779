/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "transport/authapi.h"
#include "transport/dial.h"
#include "transport/join_private.h"

/* What each form of joining came with, and HTTP went. */
#define STREAM_SINCE 18
#define REGISTER_SINCE 16

/* A way to dial an auth server that we have no credentials for. */
struct door {
    const struct address *address;
    struct stack_st_X509 *roots; /* NULL: anybody */
};

static struct err *dial_door(void *arg, struct credentials *creds, const struct ctx *ctx,
                             struct tls **ret)
{
    const struct door *d = arg;
    (void)creds;
    struct route_trust trust = {.roots = d->roots};
    struct route_tls tls;
    TRY(route_auth(ROUTE_DIRECT, NULL, &trust, &tls));
    return dial_tls(d->address, &tls.config, ctx, ret);
}

static RESULT open_channel(struct door *d, struct channel **ret)
{
    struct channel_config config = {.dial = dial_door, .arg = d};
    return channel_new(&config, ret);
}

static RESULT check_times(struct stack_st_X509 *certs, const struct ctx *ctx)
{
    struct wall now = clock_wall(ctx->clock);
    for (int i = 0; i < sk_X509_num(certs); i++)
        TRY_CTX(x509_check_time(sk_X509_value(certs, i), now), "the cluster's CA");
    return NULL;
}

/* Asks anybody for the cluster's CA and takes it only if the pins vouch for it. */
static RESULT fetch_pinned_roots(struct join_attempt *a, struct stack_st_X509 **ret)
{
    struct door d = {.address = &a->config->address};
    CLEANUP(channel_freep) struct channel *ch = NULL;
    TRY(open_channel(&d, &ch));
    struct authapi api = {.channel = ch};
    CLEANUP(msg_cluster_ca_release) struct msg_cluster_ca ca = {0};
    TRY(authapi_cluster_ca(&api, &a->ctx, &ca));
    CLEANUP(x509_stack_freep) struct stack_st_X509 *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    TRY_CTX(x509_all_from_pem(bytes_of_str(ca.tls_ca), certs), "the cluster's CA");
    TRY(pin_match(a->pins, a->n_pins, certs));
    TRY(check_times(certs, &a->ctx));
    *ret = TAKE(certs);
    return NULL;
}

static RESULT join_http(struct join_attempt *a, const struct door *d)
{
    struct route_trust trust = {.roots = d->roots};
    struct route_tls route;
    struct tls *tls = NULL;
    TRY(route_auth_http(ROUTE_DIRECT, NULL, &trust, &route));
    TRY(dial_tls(d->address, &route.config, &a->ctx, &tls));
    return join_by_http(a, tls, ROUTE_DIRECT);
}

/* An older form is right where the server does not know the newer one. */
static bool is_unknown_here(struct err **e)
{
    if (err_code(*e) != ERR_UNIMPLEMENTED)
        return false;
    err_ignore(TAKE(*e), "the server is older than this call");
    return true;
}

static RESULT join_by_version(struct join_attempt *a, const struct door *d, struct channel *ch,
                              unsigned major)
{
    struct err *e = NULL;
    if (major >= STREAM_SINCE) {
        e = join_by_stream(a, ch);
        if (!is_unknown_here(&e))
            return e;
    }
    if (major >= REGISTER_SINCE) {
        e = join_by_register(a, ch);
        if (!is_unknown_here(&e))
            return e;
    }
    return join_http(a, d);
}

RESULT join_at_auth(struct join_attempt *a)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *pinned = NULL;
    struct door d = {.address = &a->config->address, .roots = a->roots};
    if (a->config->insecure)
        d.roots = NULL;
    else if (a->n_pins > 0) {
        TRY(fetch_pinned_roots(a, &pinned));
        d.roots = pinned;
    }
    CLEANUP(channel_freep) struct channel *ch = NULL;
    TRY(open_channel(&d, &ch));
    struct authapi api = {.channel = ch};
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    TRY(authapi_ping(&api, &a->ctx, &ping));
    unsigned major = 0;
    TRY(version_major(ping.server_version, &major));
    join_note_server(a, ping.cluster_name, ping.server_version);
    a->report.suite = suite_of_number(ping.suite_number);
    return join_by_version(a, &d, ch, major);
}
