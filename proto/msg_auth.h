/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_AUTH_H
#define TBOT_PROTO_MSG_AUTH_H

/* What the auth server says of itself, its users and roles. See proto/msg.h for the rules. */

#include "proto/msg.h"

struct msg_ping_reply {
    struct msg_memory *memory;
    const char *cluster_name;
    const char *server_version; /* "15.4.2" */
    const char *proxy_public_addr;
    int32_t suite_number; /* signature algorithm suite; 0 before version 17 */
};
MSG_CODEC(msg_ping_reply)

struct msg_cluster_ca {
    struct msg_memory *memory;
    const char *tls_ca; /* PEM of the host CA, several certificates during a rotation */
};
MSG_CODEC(msg_cluster_ca)

struct msg_label {
    const char *key;
    const char *value;
};

struct msg_user {
    struct msg_memory *memory;
    const char *name;
    struct msg_label *labels;
    size_t n_labels;
};
MSG_CODEC(msg_user)

/* The label a bot's generation is kept under, in decimal. */
#define MSG_LABEL_BOT_GENERATION "teleport.internal/bot-generation"

/* The value of a label, NULL when there is none. The last of several counts, as in any protobuf
 * map. */
const char *msg_user_label(const struct msg_user *m, const char *key);

struct msg_role_request {
    struct msg_memory *memory;
    const char *name;
};
MSG_CODEC(msg_role_request)

struct msg_role {
    struct msg_memory *memory;
    const char *name;
    struct strlist impersonate_roles; /* spec.allow.impersonate.roles */
};
MSG_CODEC(msg_role)

#endif
