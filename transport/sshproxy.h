/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_SSHPROXY_H
#define TBOT_TRANSPORT_SSHPROXY_H

/*
 * Carries one SSH connection to a node through the proxy's transport service: what an OpenSSH
 * ProxyCommand does. Bytes from `in` go to the node, bytes from the node to `out`.
 *
 * The proxy is verified with the cluster's host CAs and wants our certificate. Errors are those of
 * dialling and of transport/status_map.h; ERR_STORAGE when `in` or `out` fail.
 */

#include "transport/route.h"

struct sshproxy_config {
    struct address proxy;       /* its web port, or its SSH port where it has one of its own */
    struct route_trust trust;   /* host CAs, and the certificate of an output */
    const char *proxy_cluster;  /* the cluster the proxy belongs to */
    const char *target_cluster; /* the cluster of the node, the same or a leaf */
    const char *target;         /* "node:3022" */
    int in, out;                /* borrowed */
};

/*
 * Returns when the node has ended the connection, or with an error. When `in` ends the node is told,
 * and may still answer. Blocks; runs a thread of its own meanwhile.
 */
RESULT sshproxy_run(const struct sshproxy_config *config, const struct ctx *ctx);

#endif
