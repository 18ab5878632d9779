/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dial.h"
#include "transport/join_private.h"
#include "transport/webapi_dial.h"

#define STREAM_SINCE 18

static struct err *dial_public_grpc(void *arg, struct credentials *creds, const struct ctx *ctx,
                                    struct tls **ret)
{
    const struct join_config *config = arg;
    (void)creds;
    struct route_tls route;
    route_join(&config->address, config->insecure, &route);
    return dial_tls(&config->address, &route.config, ctx, ret);
}

static RESULT join_stream(struct join_attempt *a)
{
    CLEANUP(channel_freep) struct channel *ch = NULL;
    struct channel_config config = {
        .dial = dial_public_grpc, .arg = (void *)(uintptr_t)a->config, /* only read */
    };
    TRY(channel_new(&config, &ch));
    channel_learn_version(ch, a->report.server_version);
    return join_by_stream(a, ch);
}

/* The web API knows every version's joins; the stream may be missing, or its port be closed to us. */
static bool may_fall_back(struct join_attempt *a, const struct err *e)
{
    if (a->report.token_may_be_used)
        return false;
    return err_code(e) == ERR_UNIMPLEMENTED || err_code(e) == ERR_UNAVAILABLE ||
           err_code(e) == ERR_PROTOCOL;
}

/* The web API's certificate is of another world than the cluster's CAs, and so is the remedy. */
static struct err *with_hint(struct err *e)
{
    if (err_code(e) == ERR_UNTRUSTED)
        return err_set_hint(e, "The proxy's web certificate must lead to a CA this machine trusts "
                               "(SSL_CERT_FILE names others). An auth server's address is given as "
                               "'auth_server'.");
    if (err_hint(e) || (err_code(e) != ERR_NOT_FOUND && err_code(e) != ERR_PROTOCOL))
        return e;
    return err_set_hint(e,
                        "Is this the address of a proxy's web port? An auth server's is given as "
                        "'auth_server'.");
}

static RESULT join_web(struct join_attempt *a)
{
    struct route_tls route;
    struct tls *tls = NULL;
    route_web(&a->config->address, a->config->insecure, &route);
    TRY(dial_tls(&a->config->address, &route.config, &a->ctx, &tls));
    return join_by_http(a, tls, ROUTE_TLS_ROUTING);
}

RESULT join_at_proxy(struct join_attempt *a)
{
    struct webapi_find found;
    const struct ctx brief = join_short_ctx(a);
    struct err *e = webapi_dial_find(&a->config->address, a->config->insecure, &brief, &found);
    if (e)
        return with_hint(e);
    join_note_server(a, found.cluster_name, found.server_version);
    a->report.suite = found.suite;
    if (found.server_major >= STREAM_SINCE) {
        e = join_stream(a);
        if (!e || !may_fall_back(a, e))
            return e;
        err_ignore(e, "the web API does it too");
    }
    return join_web(a);
}
