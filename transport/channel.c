/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/channel.h"

#include "diag/core/agent_metrics.h"
#include "transport/rpc_metrics.h"
#include "transport/turn.h"

#include <pthread.h>
#include <string.h>

struct channel {
    struct err *(*dial)(void *arg, struct credentials *creds, const struct ctx *ctx,
                        struct tls **ret);
    void *arg;
    void (*lost)(void *arg);
    void *lost_arg;
    struct metrics *metrics;

    pthread_mutex_t lock; /* guards everything below */
    struct credentials *creds;
    struct conn *current; /* may be dead */
    struct turn *turn;    /* of the dial under way */
    bool is_closed;
    char version[VERSION_SIZE];
};

struct channel_session {
    struct conn *conn;
    bool is_reused;
};

/* --- life --- */

RESULT channel_new(const struct channel_config *config, struct channel **ret)
{
    struct channel *ch = calloc(1, sizeof(*ch));
    if (!ch)
        return err_nomem();
    pthread_mutex_init(&ch->lock, NULL);
    ch->dial = config->dial;
    ch->arg = config->arg;
    ch->lost = config->lost;
    ch->lost_arg = config->lost_arg;
    ch->metrics = config->metrics;
    ch->creds = config->credentials ? credentials_ref(config->credentials) : NULL;
    *ret = ch;
    return NULL;
}

void channel_free(struct channel *ch)
{
    if (!ch)
        return;
    channel_close(ch); /* whose end is told to nobody */
    conn_free(ch->current);
    credentials_free(ch->creds);
    pthread_mutex_destroy(&ch->lock);
    free(ch);
}

void channel_close(struct channel *ch)
{
    pthread_mutex_lock(&ch->lock);
    ch->is_closed = true;
    if (ch->current)
        conn_abort(ch->current);
    pthread_mutex_unlock(&ch->lock);
}

void channel_set_credentials(struct channel *ch, struct credentials *creds)
{
    struct credentials *fresh = creds ? credentials_ref(creds) : NULL;
    struct conn *drained = NULL;
    pthread_mutex_lock(&ch->lock);
    struct credentials *old = ch->creds;
    if (old != fresh)
        drained = TAKE(ch->current);
    ch->creds = fresh;
    pthread_mutex_unlock(&ch->lock);
    conn_free(drained); /* lives on until its last call ends */
    credentials_free(old);
}

struct credentials *channel_credentials(struct channel *ch)
{
    pthread_mutex_lock(&ch->lock);
    struct credentials *c = ch->creds ? credentials_ref(ch->creds) : NULL;
    pthread_mutex_unlock(&ch->lock);
    return c;
}

void channel_version(struct channel *ch, char ret[VERSION_SIZE])
{
    pthread_mutex_lock(&ch->lock);
    memcpy(ret, ch->version, VERSION_SIZE);
    pthread_mutex_unlock(&ch->lock);
}

void channel_learn_version(struct channel *ch, const char *version)
{
    if (!version_is_sendable(version))
        return;
    pthread_mutex_lock(&ch->lock);
    memcpy(ch->version, version, strlen(version) + 1);
    pthread_mutex_unlock(&ch->lock);
}

/* --- one connection for a call --- */

/* What is there for a call, as seen under the lock. */
struct found {
    struct conn *conn;         /* a live connection: a reference */
    struct turn *turn;         /* else: the dial to wait for, or to do: a reference */
    bool is_mine;              /* the turn was made for this caller */
    struct credentials *creds; /* to dial with: a reference, or NULL */
};

static void found_release(struct channel *ch, struct found *f)
{
    pthread_mutex_lock(&ch->lock);
    turn_free(f->turn);
    pthread_mutex_unlock(&ch->lock);
    credentials_free(f->creds);
}

static bool is_usable(const struct conn *c, const struct credentials *creds)
{
    return c && !conn_is_dead(c) && conn_credentials(c) == creds;
}

static RESULT find_locked(struct channel *ch, struct found *f)
{
    if (ch->is_closed)
        return err_new(ERR_CANCELLED, "the channel is closed");
    if (is_usable(ch->current, ch->creds)) {
        f->conn = conn_ref(ch->current);
        return NULL;
    }
    if (ch->turn) {
        f->turn = turn_ref(ch->turn);
        return NULL;
    }
    TRY(turn_new(&ch->turn));
    f->turn = turn_ref(ch->turn);
    f->is_mine = true;
    f->creds = ch->creds ? credentials_ref(ch->creds) : NULL;
    return NULL;
}

/* A connection died: of interest if it is the one that calls would use. In the connection's thread. */
static void ended(void *arg, const struct conn *c)
{
    struct channel *ch = arg;
    pthread_mutex_lock(&ch->lock);
    bool is_loss = ch->current == c && !ch->is_closed;
    pthread_mutex_unlock(&ch->lock);
    if (is_loss && ch->lost)
        ch->lost(ch->lost_arg);
}

static RESULT dial(struct channel *ch, struct credentials *creds, const struct ctx *ctx,
                   struct conn **ret)
{
    struct tls *tls = NULL;
    TRY(ch->dial(ch->arg, creds, ctx, &tls));
    return conn_new(tls, creds, (struct conn_listener){ended, ch}, ret);
}

/* Makes `c` what calls use, if it presents what calls are to present now. */
static void make_current(struct channel *ch, struct conn *c)
{
    struct conn *old = NULL;
    pthread_mutex_lock(&ch->lock);
    if (conn_credentials(c) == ch->creds && !ch->is_closed) {
        old = ch->current;
        ch->current = conn_ref(c);
    }
    pthread_mutex_unlock(&ch->lock);
    conn_free(old);
    if (conn_is_dead(c)) /* it may have died before it could be told of as ours */
        ended(ch, c);
}

static RESULT dial_in_turn(struct channel *ch, const struct found *f, const struct ctx *ctx,
                           struct conn **ret)
{
    struct err *e = dial(ch, f->creds, ctx, ret);
    if (!e)
        make_current(ch, *ret);
    pthread_mutex_lock(&ch->lock);
    struct turn *done = TAKE(ch->turn);
    turn_end(done, e);
    turn_free(done);
    pthread_mutex_unlock(&ch->lock);
    return e;
}

static RESULT wait_for_turn(struct turn *t, const struct ctx *ctx)
{
    TRY_CTX(turn_wait(t, ctx), "wait for the connection");
    return turn_outcome(t);
}

/* One look: *ret stays NULL when the caller has to look again. */
static RESULT try_get(struct channel *ch, const struct ctx *ctx, struct conn **ret,
                      bool *ret_is_reused)
{
    struct found f = {0};
    TRY(ctx_check(ctx));
    pthread_mutex_lock(&ch->lock);
    struct err *e = find_locked(ch, &f);
    pthread_mutex_unlock(&ch->lock);
    TRY(e);
    *ret = f.conn;
    *ret_is_reused = f.conn != NULL;
    if (!f.turn)
        return NULL;
    e = f.is_mine ? dial_in_turn(ch, &f, ctx, ret) : wait_for_turn(f.turn, ctx);
    found_release(ch, &f);
    return e;
}

static RESULT get(struct channel *ch, const struct ctx *ctx, struct conn **ret, bool *ret_is_reused)
{
    struct conn *c = NULL;
    while (!c)
        TRY(try_get(ch, ctx, &c, ret_is_reused));
    *ret = c;
    return NULL;
}

/* `c` failed a call: later ones must not use it. */
static void discard(struct channel *ch, const struct conn *c)
{
    struct conn *dropped = NULL;
    pthread_mutex_lock(&ch->lock);
    if (ch->current == c)
        dropped = TAKE(ch->current);
    pthread_mutex_unlock(&ch->lock);
    conn_free(dropped);
}

/* --- calls --- */

static RESULT call_on(struct channel *ch, struct conn *c, const struct channel_call *call,
                      const struct ctx *ctx, struct buf *reply, bool *ret_written)
{
    char ours[VERSION_SIZE];
    char theirs[VERSION_SIZE];
    channel_version(ch, ours);
    struct grpc_request request = {
        .method = call->method,
        .body = call->request,
        .version = ours,
    };
    struct err *e = conn_unary(c, &request, ctx, reply, theirs, ret_written);
    channel_learn_version(ch, theirs);
    /* A server that asked us to go, or one that fell silent: the next call finds out with a new
     * connection, not by waiting on this one again. */
    if (err_code(e) == ERR_UNAVAILABLE || err_code(e) == ERR_TIMEOUT)
        discard(ch, c);
    return e ? err_wrap(e, "call %s", call->method) : NULL;
}

static bool may_repeat(const struct err *e, const struct channel_call *call, bool is_reused,
                       bool is_written)
{
    return err_code(e) == ERR_UNAVAILABLE && is_reused && (call->is_idempotent || !is_written);
}

static RESULT call_anywhere(struct channel *ch, const struct channel_call *call,
                            const struct ctx *ctx, struct buf *reply, bool *ret_written)
{
    CLEANUP(conn_freep) struct conn *first = NULL;
    bool is_reused = false;
    TRY(get(ch, ctx, &first, &is_reused));
    struct err *e = call_on(ch, first, call, ctx, reply, ret_written);
    if (!may_repeat(e, call, is_reused, *ret_written))
        return e;
    err_ignore(e, "the connection had ended unnoticed: once more on a new one");
    CLEANUP(conn_freep) struct conn *second = NULL;
    *ret_written = false;
    TRY(get(ch, ctx, &second, &is_reused));
    return call_on(ch, second, call, ctx, reply, ret_written);
}

RESULT channel_unary(struct channel *ch, const struct channel_call *call, const struct ctx *ctx,
                     struct buf *reply, bool *ret_written)
{
    bool is_written = false;
    struct mono began = clock_mono(ctx->clock);
    struct err *e = call->session ? call_on(ch, call->session->conn, call, ctx, reply, &is_written)
                                  : call_anywhere(ch, call, ctx, reply, &is_written);
    agent_metrics_called(ch->metrics, rpc_metrics_method(call->method), err_code(e),
                         mono_diff(clock_mono(ctx->clock), began));
    if (ret_written)
        *ret_written = is_written;
    return e;
}

/* --- sessions --- */

static RESULT session_conn(struct channel *ch, struct credentials *creds, bool fresh,
                           const struct ctx *ctx, struct channel_session *s)
{
    CLEANUP(credentials_freep) struct credentials *common = channel_credentials(ch);
    if (!creds)
        creds = common;
    if (!fresh && creds == common)
        TRY(get(ch, ctx, &s->conn, &s->is_reused));
    /* Credentials may have been swapped while we waited for a dial. */
    if (s->conn && conn_credentials(s->conn) == creds)
        return NULL;
    conn_free(TAKE(s->conn));
    s->is_reused = false;
    TRY(dial(ch, creds, ctx, &s->conn));
    make_current(ch, s->conn);
    return NULL;
}

RESULT channel_session_open(struct channel *ch, struct credentials *creds, bool fresh,
                            const struct ctx *ctx, struct channel_session **ret)
{
    CLEANUP(channel_session_freep) struct channel_session *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    TRY(session_conn(ch, creds, fresh, ctx, s));
    *ret = TAKE(s);
    return NULL;
}

void channel_session_free(struct channel_session *s)
{
    if (!s)
        return;
    conn_free(s->conn);
    free(s);
}

bool channel_session_is_reused(const struct channel_session *s)
{
    return s->is_reused;
}

struct credentials *channel_session_credentials(const struct channel_session *s)
{
    return conn_credentials(s->conn);
}

struct conn *channel_session_conn(const struct channel_session *s)
{
    return s->conn;
}
