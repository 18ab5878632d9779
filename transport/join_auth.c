/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "transport/authapi.h"
#include "transport/dial.h"
#include "transport/join_private.h"

/* What each form of joining came with, and HTTP went. */
#define STREAM_SINCE 18
#define REGISTER_SINCE 16
#define NOT_KNOWN 0

static RESULT join_http(struct join_attempt *a, const struct trust_door *d)
{
    struct route_trust trust = {.roots = d->roots};
    struct route_tls route;
    struct tls *tls = NULL;
    TRY(route_auth_http(ROUTE_DIRECT, NULL, &trust, &route));
    TRY(dial_tls(d->address, &route.config, &a->ctx, &tls));
    return join_by_http(a, tls, ROUTE_DIRECT);
}

/* An older form is right where the server does not know the newer one. */
static bool is_unknown_here(struct join_attempt *a, struct err **e)
{
    if (!join_is_unknown_call(a, *e))
        return false;
    err_ignore(TAKE(*e), "the server is older than this call");
    return true;
}

static bool has(unsigned major, unsigned since)
{
    return major == NOT_KNOWN || major >= since;
}

static RESULT join_by_version(struct join_attempt *a, const struct trust_door *d,
                              struct channel *ch, unsigned major)
{
    struct err *e = NULL;
    if (has(major, STREAM_SINCE)) {
        e = join_by_stream(a, ch);
        if (!is_unknown_here(a, &e))
            return e;
    }
    if (has(major, REGISTER_SINCE)) {
        e = join_by_register(a, ch);
        if (!is_unknown_here(a, &e))
            return e;
    }
    return join_http(a, d);
}

/* Ping is open to all, but nothing hangs on it: without, every form is tried, the newest first. */
static RESULT ask_version(struct join_attempt *a, struct channel *ch, unsigned *ret_major)
{
    struct authapi api = {.channel = ch};
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    const struct ctx brief = join_short_ctx(a);
    struct err *e = authapi_ping(&api, &brief, &ping);
    if (err_code(e) == ERR_UNIMPLEMENTED || err_code(e) == ERR_DENIED) {
        err_ignore(e, "the forms of joining tell themselves whether they are known");
        *ret_major = NOT_KNOWN;
        return NULL;
    }
    TRY(e);
    join_note_server(a, ping.cluster_name, ping.server_version);
    a->report.suite = suite_of_number(ping.suite_number);
    return version_major(ping.server_version, ret_major);
}

static RESULT join_behind(struct join_attempt *a, struct trust_door *d)
{
    CLEANUP(channel_freep) struct channel *ch = NULL;
    unsigned major = NOT_KNOWN;
    const struct channel_config config = {.dial = trust_dial, .arg = d};
    TRY(channel_new(&config, &ch));
    TRY(ask_version(a, ch, &major));
    return join_by_version(a, d, ch, major);
}

static RESULT find_door_and_join(struct join_attempt *a)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *roots = NULL;
    struct trust_door d = {.address = &a->config->address, .route = ROUTE_DIRECT};
    if (trust_is_given(&a->trust)) {
        const struct ctx brief = join_short_ctx(a);
        TRY(trust_ask(&a->trust, &d, &brief, &roots));
        d.roots = roots;
    }
    return join_behind(a, &d);
}

RESULT join_at_auth(struct join_attempt *a)
{
    struct err *e = find_door_and_join(a);
    if (err_code(e) == ERR_UNIMPLEMENTED)
        return err_set_hint(e, "Is this an auth server's address? A proxy's is given as "
                               "'proxy_server'.");
    return e;
}
