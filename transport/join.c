/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/join.h"

#include "transport/join_private.h"

#include <stdio.h>
#include <string.h>

/* --- what every form needs --- */

RESULT join_make_key(struct join_attempt *a, enum suite suite, struct key **ret)
{
    a->report.suite = suite;
    TRY_CTX(a->config->make_key(a->config->arg, suite, ret), "make a key");
    return NULL;
}

static RESULT check_subject(const struct join_attempt *a, const struct credentials *c)
{
    const struct subject *s = credentials_subject(c);
    const char *cluster = a->report.cluster;
    if (*cluster && strcmp(s->cluster, cluster) != 0)
        return err_new(ERR_PROTOCOL, "they are of cluster '%s', the server calls itself '%s'",
                       s->cluster, cluster);
    if (!s->renewable && !a->config->id_token)
        return err_new(ERR_PROTOCOL, "they cannot be renewed, as those of a token can");
    return NULL;
}

static RESULT take(struct join_attempt *a, struct key *key, const struct msg_certs *certs)
{
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = bytes_of_str(certs->tls),
        .ssh_cert = bytes_of_str(certs->ssh),
        .tls_cas = &certs->tls_cas,
        .ssh_cas = &certs->ssh_cas,
    };
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    TRY(credentials_new(&parts, &c));
    TRY(check_subject(a, c));
    a->credentials = TAKE(c);
    return NULL;
}

RESULT join_finish(struct join_attempt *a, struct key *key, const struct msg_certs *certs)
{
    struct err *e = take(a, key, certs);
    if (!e || err_code(e) == ERR_NOMEM)
        return e;
    return err_wrap_as(ERR_PROTOCOL, e, "the certificates the server sent");
}

bool join_is_unknown_call(struct join_attempt *a, const struct err *e)
{
    if (err_code(e) != ERR_UNIMPLEMENTED)
        return false;
    a->is_token_sent = false; /* nobody has looked at it */
    a->report.token_may_be_used = false;
    return true;
}

RESULT join_request_ctx(const struct join_attempt *a, struct ctx *ret)
{
    TRY(ctx_check(&a->ctx));
    *ret = (struct ctx){a->ctx.clock, a->config->patience, a->ctx.deadline};
    return NULL;
}

void join_note_server(struct join_attempt *a, const char *cluster, const char *version)
{
    snprintf(a->report.cluster, sizeof(a->report.cluster), "%s", cluster);
    snprintf(a->report.server_version, sizeof(a->report.server_version), "%s", version);
}

/* --- which way --- */

static bool is_verified(const struct join_attempt *a, enum route r)
{
    if (a->config->insecure)
        return false;
    return r == ROUTE_TLS_ROUTING || trust_is_given(&a->trust);
}

static RESULT join_one_way(struct join_attempt *a, enum route r)
{
    a->report.via = r;
    a->report.is_unverified = !is_verified(a, r);
    if (r == ROUTE_TLS_ROUTING)
        TRY_CTX(join_at_proxy(a), "join at the proxy");
    else
        TRY_CTX(join_at_auth(a), "join at the auth server");
    return NULL;
}

static bool may_try_another(const struct join_attempt *a, const struct err *e, enum route next)
{
    if (a->is_token_sent)
        return false;
    switch (err_code(e)) {
    case ERR_CANCELLED:
    case ERR_NOMEM:
    case ERR_CONFIG:
    case ERR_BUG:
        return false;
    case ERR_UNTRUSTED:
        return is_verified(a, next);
    default:
        return true;
    }
}

/* The first way is the likely one and its error counts, unless the other one got further. */
static RESULT both(const struct join_attempt *a, struct err *first, struct err *second)
{
    if (a->is_token_sent) {
        err_ignore(first, "the other way got further");
        return second;
    }
    CLEANUP(freep) char *text = err_text(second);
    struct err *e = err_wrap(first, "%s; before that", text ? text : "out of memory");
    err_ignore(second, "its text is with the first one's");
    return e;
}

static struct ctx half_of(const struct ctx *ctx)
{
    if (ctx->deadline.ns == INT64_MAX)
        return *ctx;
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    return ctx_until(ctx, (struct dur){left.ns / 2});
}

static RESULT join_any_way(struct join_attempt *a, const struct ctx *ctx)
{
    enum route ways[PATH_MAX_ROUTES];
    struct path path = {.kind = a->config->kind};
    size_t n = path_routes(&path, ways);
    a->ctx = n > 1 ? half_of(ctx) : *ctx;
    struct err *first = join_one_way(a, ways[0]);
    if (!first || n == 1 || !may_try_another(a, first, ways[1]))
        return first;
    a->ctx = *ctx;
    struct err *second = join_one_way(a, ways[1]);
    if (second)
        return both(a, first, second);
    err_ignore(first, "the other way worked");
    return NULL;
}

/* What a cluster may have against a JWT, whoever knows what is in it can tell best. */
static struct err *with_hint(const struct join_config *config, struct err *e)
{
    if (err_code(e) != ERR_DENIED || err_hint(e) || config->id_token)
        return e;
    return err_set_hint(e, "The token may be of another cluster, have expired or been used: make a "
                           "new one with 'tctl bots add NAME', or, for a bot that exists, with "
                           "'tctl tokens add --type=bot --bot-name=NAME'.");
}

static void attempt_release(struct join_attempt *a)
{
    trust_release(&a->trust);
    credentials_free(a->credentials);
}

static RESULT load_trust(struct join_attempt *a)
{
    const struct join_config *config = a->config;
    return config->insecure ? NULL : trust_load(config->ca_pins, config->ca_path, &a->trust);
}

RESULT join_by_token(const struct join_config *config, const struct ctx *ctx,
                     struct credentials **ret)
{
    CLEANUP(attempt_release)
    struct join_attempt a = {.config = config, .report.suite = SUITE_LEGACY};
    TRY(load_trust(&a));
    struct err *e = join_any_way(&a, ctx);
    a.report.token_was_shown = a.is_token_sent;
    if (config->report)
        *config->report = a.report;
    if (e)
        return with_hint(config, e);
    *ret = TAKE(a.credentials);
    return NULL;
}
