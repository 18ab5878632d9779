/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/authapi.h"
#include "transport/dial.h"
#include "transport/walk_private.h"
#include "transport/webapi_dial.h"

#include <string.h>

#define REPLY_MAX ((size_t)64 << 10)

/* --- a line to the server --- */

/* The stream that is there; later ones are dialled anew. */
static struct err *give(void *arg, struct credentials *creds, const struct ctx *ctx,
                        struct tls **ret)
{
    struct walk_line *line = arg;
    (void)creds; /* the configuration has them */
    if (!line->tls)
        return dial_tls(&line->walk->config->address, line->config, ctx, ret);
    *ret = TAKE(line->tls);
    return NULL;
}

RESULT walk_line_open(struct walk_line *line)
{
    const struct channel_config config = {
        .dial = give, .arg = line, .credentials = line->walk->config->creds};
    return channel_new(&config, &line->channel);
}

void walk_line_close(struct walk_line *line)
{
    channel_free(line->channel);
    tls_free(line->tls);
}

/* --- does ALPN arrive? --- */

/*
 * A proxy answers to this name and a load balancer that ends TLS does not. As Teleport's own clients
 * find out, and with nothing behind the answer.
 */
static struct err *probe_alpn(const struct walk *w, bool *ret_arrives)
{
    static const char probe[] = "teleport-reversetunnel";
    static const char *const alpn[] = {probe, NULL};
    struct route_tls web;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    const struct ctx limited = walk_limit(w);
    route_web(&w->config->address, true, &web);
    web.config.alpn = alpn;
    TRY(dial_tls(&w->config->address, &web.config, &limited, &tls));
    *ret_arrives = strcmp(tls_alpn(tls), probe) == 0;
    return NULL;
}

bool walk_ask_upgrade(struct walk *w)
{
    bool arrives = false;
    walk_begin(w, WALK_UPGRADE, w->where);
    CLEANUP(err_freep) struct err *e = probe_alpn(w, &arrives);
    /* Who does not know the name may say so in an alert instead of choosing none. */
    if (e && err_code(e) != ERR_PROTOCOL) {
        walk_skip(w, WALK_UPGRADE, "the test itself failed");
        return true;
    }
    if (arrives) {
        walk_ok(w, WALK_UPGRADE, w->where, "not needed");
        return true;
    }
    CLEANUP(err_freep)
    struct err *needed = err_set_hint(
        err_new(ERR_UNIMPLEMENTED, "needed: what answers there ends TLS itself, as load balancers "
                                   "do, and does not pass ALPN on to the proxy"),
        "The connection upgrade is not built yet in this tbot: name an address that leads to the "
        "proxy itself.");
    walk_fail(w, WALK_UPGRADE, w->where, needed);
    return false;
}

/* --- what time is it there? --- */

static void not_measurable(struct walk *w, struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    walk_skip(w, WALK_CLOCK, "not measurable: %s", text ? text : "out of memory");
    err_free(e);
}

/* Any answer has the time, that to a wrong question too. No certificate of ours: a server whose clock
 * is off might refuse it. */
static struct err *ask_auth(struct walk *w, struct stack_st_X509 *roots)
{
    struct route_trust trust = {.roots = roots};
    struct route_tls route;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct ctx limited = walk_limit(w);
    TRY(route_auth_http(ROUTE_DIRECT, NULL, &trust, &route));
    TRY(dial_tls(&w->config->address, &route.config, &limited, &tls));
    const struct http_stream stream = http_tls_stream(tls);
    const struct http_request request = {.method = "GET", .path = "/", .host = ADDRESS_ANY_CLUSTER};
    struct mono asked = clock_mono(w->ctx.clock);
    TRY(http_exchange(&stream, &request, REPLY_MAX, &limited, &reply));
    walk_tell_clock(w, reply.date, asked, clock_mono(w->ctx.clock));
    return NULL;
}

void walk_ask_auth_clock(struct walk *w, struct stack_st_X509 *roots)
{
    walk_begin(w, WALK_CLOCK, w->where);
    struct err *e = ask_auth(w, roots);
    if (e)
        not_measurable(w, e);
}

void walk_ask_proxy_clock(struct walk *w)
{
    struct webapi_find find;
    const struct ctx limited = walk_limit(w);
    walk_begin(w, WALK_CLOCK, w->where);
    struct err *e = webapi_dial_find(&w->config->address, w->config->insecure, &limited, &find);
    if (e)
        not_measurable(w, e);
    else
        walk_tell_clock(w, find.date, find.asked, find.answered);
}

/* --- who is there? --- */

void walk_tell_server(struct walk *w, const char *cluster, const char *version)
{
    unsigned major = 0;
    const struct credentials *creds = w->config->creds;
    CLEANUP(err_freep) struct err *e = version_major(version, &major);
    if (e)
        walk_fail_softly(w, WALK_PING, w->where, e);
    else if (major < VERSION_OLDEST || major > VERSION_NEWEST)
        walk_warn(w, WALK_PING, "Expect surprises, and look for a tbot that knows this version.",
                  "Teleport %s, cluster '%s': this tbot is made for versions %d to %d", version,
                  cluster, VERSION_OLDEST, VERSION_NEWEST);
    else if (creds)
        walk_ok(w, WALK_PING, w->where, "Teleport %s, cluster '%s', knows bot '%s'", version,
                cluster, credentials_subject(creds)->bot_name);
    else
        walk_ok(w, WALK_PING, w->where, "Teleport %s, cluster '%s'", version, cluster);
}

/* Ping is open to everybody: only a call that needs an identity shows that ours is accepted. */
static struct err *ask_who_we_are(const struct authapi *api, const struct ctx *ctx)
{
    int64_t generation;
    struct err *e = authapi_generation(api, ctx, &generation);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_ignore(e, "the answer had no such label, and was one");
    return NULL;
}

bool walk_ask_ping(struct walk *w, struct walk_line *line)
{
    const struct authapi api = {.channel = line->channel};
    const struct ctx limited = walk_limit(w);
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    walk_begin(w, WALK_PING, w->where);
    CLEANUP(err_freep) struct err *e = authapi_ping(&api, &limited, &ping);
    if (!e && w->config->creds)
        e = ask_who_we_are(&api, &limited);
    if (e)
        walk_fail(w, WALK_PING, w->where, e);
    else
        walk_tell_server(w, ping.cluster_name, ping.server_version);
    return !e;
}
