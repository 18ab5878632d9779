/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JOIN_PRIVATE_H
#define TBOT_TRANSPORT_JOIN_PRIVATE_H

/*
 * Private to join*.c: one attempt at joining, in its several forms. All of them fill in
 * `result->credentials`, and set `result->token_may_be_used` right before the token's fate is out of
 * our hands.
 */

#include "proto/msg_certs.h"
#include "transport/channel.h"
#include "transport/join.h"

struct join_attempt {
    const struct join_config *config;
    const struct ctx *ctx;
    struct join_result *result;
};

/* At the two kinds of address. */
RESULT join_at_auth(const struct join_attempt *a);
RESULT join_at_proxy(const struct join_attempt *a);

/* The join stream, on a channel without credentials. */
RESULT join_by_stream(const struct join_attempt *a, struct channel *ch);

/* RegisterUsingToken, on a channel without credentials. */
RESULT join_by_register(const struct join_attempt *a, struct channel *ch);

/* HTTP, on a stream that is used up; takes `tls` over. */
struct tls;
RESULT join_by_http(const struct join_attempt *a, struct tls *tls, enum route at);

/* The key for the suite the server told. */
RESULT join_make_key(const struct join_attempt *a, enum suite suite, struct key **ret);

/* What the server answered. */
RESULT join_finish(const struct join_attempt *a, struct key *key, const struct msg_certs *certs);

/* Notes what the server says of itself. */
void join_note_server(const struct join_attempt *a, const char *cluster, const char *version);

#endif
