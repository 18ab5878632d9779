/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_TUNNEL_H
#define TBOT_PROTO_MSG_TUNNEL_H

/*
 * SSH through the proxy's transport service. The first request of a stream names the target and
 * may carry data; all further messages carry data only. See proto/msg.h for the rules.
 */

#include "proto/msg.h"

struct msg_proxy_ssh_request {
    struct msg_memory *memory;
    const char *host_port; /* "node:22"; "" after the first request */
    const char *cluster;
    struct bytes ssh; /* bytes of the SSH connection */
};
MSG_CODEC(msg_proxy_ssh_request)

struct msg_proxy_ssh_reply {
    struct msg_memory *memory;
    struct bytes ssh;
};
MSG_CODEC(msg_proxy_ssh_reply)

struct msg_cluster_details {
    struct msg_memory *memory;
    bool fips;
};
MSG_CODEC(msg_cluster_details)

#endif
