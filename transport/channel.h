/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_CHANNEL_H
#define TBOT_TRANSPORT_CHANNEL_H

/*
 * The lazy channel: calls to the cluster, over a connection that comes and goes by itself.
 *
 * Making a channel does nothing. The first call dials; calls that come meanwhile wait for that dial,
 * each within its own deadline, and share its failure. A connection that died is dialled again by
 * the next call; nothing dials in the background, and back-off is the caller's business.
 *
 *     CLEANUP(channel_freep) struct channel *ch = NULL;
 *     TRY(channel_new(&config, &ch));
 *     struct channel_call call = { .method = METHOD_PING, .is_idempotent = true };
 *     TRY(channel_unary(ch, &call, ctx, &reply, NULL));
 *
 * Repeating: a call that fails with ERR_UNAVAILABLE on a connection that had been used before is
 * repeated once on a new one, if the method is idempotent or not a byte was sent: the server had
 * closed it, or asked us to go, without our noticing. Everything else is the caller's decision, and
 * `request_written` what it needs for that.
 *
 * Identity: channel_set_credentials() makes later calls use a new connection; calls under way end
 * on the old one. A session pins calls to one connection that presents given credentials: what a
 * renewal needs.
 *
 * Threads: all functions from any thread; channel_free() once, when no call is under way.
 */

#include "diag/core/metrics.h"
#include "identity/pki/credentials.h"
#include "transport/conn.h"

struct channel;
struct channel_session;

/* Makes a TLS stream on which gRPC can be spoken, presenting `creds` (NULL: nobody). */
struct channel_config {
    struct err *(*dial)(void *arg, struct credentials *creds, const struct ctx *ctx,
                        struct tls **ret);
    void *arg;
    struct credentials *credentials; /* NULL: nobody; a reference is added */
    struct metrics
        *metrics; /* count each channel_unary(); outlive the channel. NULL: nobody counts */

    /*
     * The connection that calls would use has died, and not by our doing: the cluster may be gone.
     * Called from threads of the channel, in rare cases twice; must not call the channel. NULL: nobody
     * wants to know.
     */
    void (*lost)(void *arg);
    void *lost_arg;
};

RESULT channel_new(const struct channel_config *config, struct channel **ret);
void channel_free(struct channel *ch); /* accepts NULL */
DEFINE_FREEP(channel)

/* Ends all calls and refuses new ones (ERR_CANCELLED). */
void channel_close(struct channel *ch);

void channel_set_credentials(struct channel *ch, struct credentials *creds);

/* A new reference, or NULL. */
struct credentials *channel_credentials(struct channel *ch);

/*
 * The server's version, learnt from its replies; "" while unknown. It is sent as our own, as servers
 * from version 16 refuse clients that call themselves something else.
 */
void channel_version(struct channel *ch, char ret[VERSION_SIZE]);
void channel_learn_version(struct channel *ch, const char *version);

struct channel_call {
    const char *method; /* proto/method.h */
    struct bytes request;
    bool is_idempotent;              /* asking twice does no harm */
    struct channel_session *session; /* NULL: whichever connection there is */
};

/*
 * One unary call; the reply is added to `reply`. *ret_written, which may be NULL, is set on every
 * outcome: whether the server may have got the request. ERR_UNAVAILABLE, ERR_TIMEOUT and ERR_CANCELLED
 * with it set mean that nobody knows whether the call took effect.
 */
RESULT channel_unary(struct channel *ch, const struct channel_call *call, const struct ctx *ctx,
                     struct buf *reply, bool *ret_written);

/*
 * Holds one connection that presents `creds` (NULL: the channel's): the live one where it does,
 * else a new one. Calls in a session are never repeated. `fresh` refuses a connection that was used
 * before: after the first call of a session failed on one.
 */
RESULT channel_session_open(struct channel *ch, struct credentials *creds, bool fresh,
                            const struct ctx *ctx, struct channel_session **ret);
void channel_session_free(struct channel_session *s); /* accepts NULL */
DEFINE_FREEP(channel_session)

/* Whether others had used the connection before. */
bool channel_session_is_reused(const struct channel_session *s);

struct credentials *channel_session_credentials(const struct channel_session *s); /* borrowed */

/* For streams; borrowed, lives as long as the session. */
struct conn *channel_session_conn(const struct channel_session *s);

#endif
