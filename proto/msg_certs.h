/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_CERTS_H
#define TBOT_PROTO_MSG_CERTS_H

/* Asking for certificates, and getting them. See proto/msg.h for the rules. */

#include "proto/msg.h"

/*
 * Public keys are authorized_keys lines (ssh) and PEM (tls). Servers up to version 16 read
 * `public_key` only, later ones the other two; never fill in both kinds.
 */
struct msg_user_certs_request {
    struct msg_memory *memory;
    const char *public_key;
    const char *ssh_public_key;
    const char *tls_public_key;
    const char *username;
    struct wall expires;
    const char *route_to_cluster;
    struct strlist role_requests;
    bool use_role_requests;
};
MSG_CODEC(msg_user_certs_request)

struct msg_certs {
    struct msg_memory *memory;
    const char *ssh;        /* certificate line */
    const char *tls;        /* PEM */
    struct strlist tls_cas; /* PEM, one certificate or several each */
    struct strlist ssh_cas; /* authorized_keys lines */
};
MSG_CODEC(msg_certs)

#endif
