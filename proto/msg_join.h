/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_JOIN_H
#define TBOT_PROTO_MSG_JOIN_H

/*
 * The join stream of version 18, as far as the method `token` and those with a JWT go:
 *
 *     client → CLIENT_INIT    which token, for what role
 *     server → SERVER_INIT    the join method and the cluster's suite: the key is made now
 *     client → TOKEN_INIT     the public keys; or OIDC_INIT: these and the JWT
 *     server → RESULT         the certificates
 *
 * A client that cannot do what the server asks sends GIVING_UP. The name of a token is the secret
 * itself, or a JWT is beside it, so requests are encoded as secrets. See proto/msg.h for the other rules.
 */

#include "proto/msg.h"

enum msg_join_request_kind {
    MSG_JOIN_REQUEST_UNKNOWN, /* a member of another join method */
    MSG_JOIN_CLIENT_INIT,
    MSG_JOIN_TOKEN_INIT,
    MSG_JOIN_OIDC_INIT,
    MSG_JOIN_GIVING_UP,
};

enum msg_join_give_up {
    MSG_JOIN_GIVE_UP_UNSPECIFIED,
    MSG_JOIN_GIVE_UP_METHOD,  /* unsupported join method */
    MSG_JOIN_GIVE_UP_MESSAGE, /* unsupported message */
    MSG_JOIN_GIVE_UP_CHALLENGE,
};

/* Members that do not belong to `kind` are empty. */
struct msg_join_request {
    struct msg_memory *memory;
    enum msg_join_request_kind kind;
    /* CLIENT_INIT */
    const char *join_method; /* "token"; "": the server's choice */
    const char *token_name;
    const char *system_role; /* "Bot" */
    /* TOKEN_INIT, OIDC_INIT */
    struct bytes public_tls_key; /* PKIX DER */
    struct bytes public_ssh_key; /* SSH wire form */
    struct wall expires;         /* WALL_NONE: the server's default */
    const char *secret;          /* TOKEN_INIT: only for tokens whose name is not the secret */
    const char *id_token;        /* OIDC_INIT: a JWT */
    /* GIVING_UP */
    enum msg_join_give_up reason;
    const char *text;
};
MSG_SECRET_CODEC(msg_join_request)

enum msg_join_response_kind {
    MSG_JOIN_RESPONSE_UNKNOWN, /* a challenge, or something newer */
    MSG_JOIN_SERVER_INIT,
    MSG_JOIN_RESULT,
};

struct msg_join_response {
    struct msg_memory *memory;
    enum msg_join_response_kind kind;
    /* SERVER_INIT */
    const char *join_method;
    const char *suite; /* "balanced-v1" */
    /* RESULT */
    struct bytes tls_cert;     /* DER */
    struct bytes ssh_cert;     /* SSH wire form */
    struct msg_blobs tls_cas;  /* DER */
    struct msg_blobs ssh_keys; /* SSH wire form */
};
MSG_CODEC(msg_join_response)

#endif
