/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JOIN_PRIVATE_H
#define TBOT_TRANSPORT_JOIN_PRIVATE_H

/*
 * Private to join*.c: one attempt at joining, in its several forms. All of them fill in `credentials`
 * and keep two notes up to date, right before the fact; a server that turns out not to know the call
 * clears them again:
 *
 * `is_token_sent`             somebody has read the token: no other way is tried any more.
 * `report.token_may_be_used`  its fate is out of our hands: no other form is tried any more. A JWT may be
 *                             shown again.
 */

#include "proto/msg_certs.h"
#include "transport/channel.h"
#include "transport/join.h"
#include "transport/trust.h"

struct join_attempt {
    const struct join_config *config;
    struct ctx ctx;
    struct trust trust; /* none with `insecure` */
    bool is_token_sent;
    struct join_report report;
    struct credentials *credentials;
};

/* At the two kinds of address. */
RESULT join_at_auth(struct join_attempt *a);
RESULT join_at_proxy(struct join_attempt *a);

/* The join stream, on a channel without credentials. */
RESULT join_by_stream(struct join_attempt *a, struct channel *ch);

/* RegisterUsingToken, on a channel without credentials. */
RESULT join_by_register(struct join_attempt *a, struct channel *ch);

/* HTTP, on a stream that is used up; takes `tls` over. */
struct tls;
RESULT join_by_http(struct join_attempt *a, struct tls *tls, enum route at);

/* The key for the suite the server told. */
RESULT join_make_key(struct join_attempt *a, enum suite suite, struct key **ret);

/*
 * Takes what the server answered, if it is an identity over `key`, of the cluster that the server said it
 * was, and can be renewed where it has to be.
 */
RESULT join_finish(struct join_attempt *a, struct key *key, const struct msg_certs *certs);

/*
 * The notes after a request that carried the token has ended with `e`: true when the server does not
 * know the call, so that another form is as good as the first.
 */
bool join_is_unknown_call(struct join_attempt *a, const struct err *e);

/* For questions that any server answers at once: one that is silent must not use up the time for the
 * other way. */
static inline struct ctx join_short_ctx(const struct join_attempt *a)
{
    return ctx_until(&a->ctx, dur_s(30));
}

/* For the request that carries the token: not begun after a stop, and not cut off by it. */
RESULT join_request_ctx(const struct join_attempt *a, struct ctx *ret);

/* The two notes, right before the request that carries the token. */
static inline void join_note_sent(struct join_attempt *a)
{
    a->is_token_sent = true;
    a->report.token_may_be_used = !a->config->id_token;
}

static inline const char *join_method(const struct join_attempt *a)
{
    return a->config->method ? a->config->method : "token";
}

/* Notes what the server says of itself. */
void join_note_server(struct join_attempt *a, const char *cluster, const char *version);

#endif
