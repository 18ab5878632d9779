/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_TRUST_H
#define TBOT_PROTO_MSG_TRUST_H

/* The cluster's certificate authorities. See proto/msg.h for the rules. */

#include "proto/msg.h"

struct msg_ca_request {
    struct msg_memory *memory;
    const char *type;   /* "host", "user", "db" */
    const char *domain; /* the cluster's name */
    bool include_key;   /* private keys: we never ask for them */
};
MSG_CODEC(msg_ca_request)

struct msg_ca_list_request {
    struct msg_memory *memory;
    const char *type;
    bool include_key;
};
MSG_CODEC(msg_ca_list_request)

/*
 * One authority. The lists hold all that is to be trusted: the active certificates and keys first,
 * `n_active_…` of them, then those trusted besides while a rotation is under way.
 */
struct msg_ca {
    struct msg_memory *memory; /* NULL inside a list */
    const char *type;
    const char *cluster_name;
    struct strlist tls_certs; /* PEM */
    size_t n_active_tls;
    struct strlist ssh_keys; /* authorized_keys lines */
    size_t n_active_ssh;
    const char *rotation_state; /* "", "standby", "in_progress" */
    const char
        *rotation_phase; /* "", "standby", "init", "update_clients", "update_servers", "rollback" */
};
MSG_CODEC(msg_ca)

struct msg_ca_list {
    struct msg_memory *memory;
    struct msg_ca *items;
    size_t len;
};
MSG_CODEC(msg_ca_list)

#endif
