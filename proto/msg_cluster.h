/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_CLUSTER_H
#define TBOT_PROTO_MSG_CLUSTER_H

/* Leaf clusters and the networking settings. See proto/msg.h for the rules. */

#include "proto/msg.h"

struct msg_remote_clusters_request {
    struct msg_memory *memory;
    int32_t page_size;
    const char *page_token; /* "": the first page */
};
MSG_CODEC(msg_remote_clusters_request)

struct msg_remote_clusters {
    struct msg_memory *memory;
    struct strlist names;
    const char *next_page_token; /* "": this was the last page */
};
MSG_CODEC(msg_remote_clusters)

struct msg_networking {
    struct msg_memory *memory;
    bool multiplexed; /* one proxy port for everything: TLS routing */
};
MSG_CODEC(msg_networking)

#endif
