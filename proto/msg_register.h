/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_REGISTER_H
#define TBOT_PROTO_MSG_REGISTER_H

/* RegisterUsingToken, the join of versions 16 and 17. The reply is struct msg_certs. */

#include "proto/msg.h"

/* The token is a secret: encoded, the message is one too; decoded, it is wiped when released. */
struct msg_register_request {
    struct msg_memory *memory;
    const char *role; /* "Bot" */
    const char *token;
    const char *id_token;       /* a JWT, of join methods that have one; NULL or "": none */
    const char *public_tls_key; /* PEM */
    const char *public_ssh_key; /* authorized_keys line */
    struct wall expires;        /* WALL_NONE: the server's default */
};
MSG_SECRET_CODEC(msg_register_request)

#endif
