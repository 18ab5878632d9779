/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/join.h"

#include "transport/join_private.h"

#include <stdio.h>

void join_result_release(struct join_result *r)
{
    credentials_free(TAKE(r->credentials));
}

RESULT join_make_key(const struct join_attempt *a, enum suite suite, struct key **ret)
{
    a->result->suite = suite;
    TRY_CTX(a->config->make_key(a->config->arg, suite, ret), "make a key");
    return NULL;
}

RESULT join_finish(const struct join_attempt *a, struct key *key, const struct msg_certs *certs)
{
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = bytes_of_str(certs->tls),
        .ssh_cert = bytes_of_str(certs->ssh),
        .tls_cas = &certs->tls_cas,
        .ssh_cas = &certs->ssh_cas,
    };
    struct err *e = credentials_new(&parts, &a->result->credentials);
    if (!e || err_code(e) == ERR_NOMEM)
        return e;
    return err_wrap_as(ERR_PROTOCOL, e, "the certificates the server sent");
}

void join_note_server(const struct join_attempt *a, const char *cluster, const char *version)
{
    snprintf(a->result->cluster, sizeof(a->result->cluster), "%s", cluster);
    snprintf(a->result->server_version, sizeof(a->result->server_version), "%s", version);
}

/* --- which way --- */

static bool is_verified(const struct join_config *config, enum route r)
{
    if (config->insecure)
        return false;
    return r == ROUTE_TLS_ROUTING || config->n_pins > 0 || config->roots;
}

static RESULT join_one_way(const struct join_attempt *a, enum route r)
{
    a->result->via = r;
    a->result->is_unverified = !is_verified(a->config, r);
    if (r == ROUTE_TLS_ROUTING)
        TRY_CTX(join_at_proxy(a), "join at the proxy");
    else
        TRY_CTX(join_at_auth(a), "join at the auth server");
    return NULL;
}

static bool may_try_another(const struct join_attempt *a, const struct err *e, enum route next)
{
    if (a->result->token_may_be_used)
        return false;
    switch (err_code(e)) {
    case ERR_UNAVAILABLE:
    case ERR_TIMEOUT:
    case ERR_PROTOCOL:
    case ERR_NOT_FOUND: /* of the web: the path does not exist there */
    case ERR_UNIMPLEMENTED:
        return true;
    case ERR_UNTRUSTED:
        return is_verified(a->config, next);
    default:
        return false;
    }
}

static struct err *with_hint(struct err *e)
{
    if (err_code(e) != ERR_DENIED || err_hint(e))
        return e;
    return err_set_hint(e, "Check the token: it may have expired, or have been used. 'tctl bots "
                           "instances add NAME' or 'tctl tokens add --type=bot' makes a new one.");
}

/* The first way is the likely one: its error counts, the other's is told with it. */
static RESULT both(struct err *first, struct err *second)
{
    CLEANUP(freep) char *text = err_text(second);
    struct err *e = err_wrap(first, "%s", text ? text : "the other way failed too");
    err_ignore(second, "its text is in the first one's");
    return e;
}

static struct ctx half_of(const struct ctx *ctx)
{
    if (ctx->deadline.ns == INT64_MAX)
        return *ctx;
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    return ctx_until(ctx, (struct dur) {left.ns / 2});
}

RESULT join_with_token(const struct join_config *config, const struct ctx *ctx,
                       struct join_result *ret)
{
    *ret = (struct join_result) {.suite = SUITE_LEGACY};
    enum route ways[PATH_MAX_ROUTES];
    struct path path = {.kind = config->kind};
    size_t n = path_routes(&path, ways);
    struct ctx share = n > 1 ? half_of(ctx) : *ctx;
    struct join_attempt a = {.config = config, .ctx = &share, .result = ret};
    struct err *first = join_one_way(&a, ways[0]);
    if (!first)
        return NULL;
    if (n == 1 || !may_try_another(&a, first, ways[1]))
        return with_hint(first);
    a.ctx = ctx;
    struct err *second = join_one_way(&a, ways[1]);
    if (!second) {
        err_ignore(first, "the other way worked");
        return NULL;
    }
    /* A way that got as far as the token's being judged knows better than one that got nowhere. */
    if (ret->token_may_be_used || err_code(second) == ERR_DENIED) {
        err_ignore(first, "the other way got further");
        return with_hint(second);
    }
    return both(first, second);
}
