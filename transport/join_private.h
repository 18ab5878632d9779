/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JOIN_PRIVATE_H
#define TBOT_TRANSPORT_JOIN_PRIVATE_H

/*
 * Private to join*.c: one attempt at joining, in its several forms. All of them fill in
 * `credentials`, and set `report.token_may_be_used` right before the token's fate is out of our hands.
 */

#include "identity/pki/pin.h"
#include "proto/msg_certs.h"
#include "transport/channel.h"
#include "transport/join.h"

struct join_attempt {
    const struct join_config *config;
    struct ctx ctx;
    struct wall expires; /* WALL_NONE: the server's default */
    struct pin *pins;
    size_t n_pins;
    struct stack_st_X509 *roots; /* of `ca_path`; NULL: none */
    struct join_report report;
    struct credentials *credentials;
};

/* Reads pins and CA file. */
RESULT join_trust_load(struct join_attempt *a);
void join_attempt_release(struct join_attempt *a);

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

/* What the server answered. */
RESULT join_finish(struct join_attempt *a, struct key *key, const struct msg_certs *certs);

/* Notes what the server says of itself. */
void join_note_server(struct join_attempt *a, const char *cluster, const char *version);

#endif
