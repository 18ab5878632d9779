/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/rpc_metrics.h"

#include "proto/method.h"

#include <string.h>

static const char *const methods[] = {
    METHOD_PING,
    METHOD_GET_CLUSTER_CA_CERT,
    METHOD_GET_CURRENT_USER,
    METHOD_GENERATE_USER_CERTS,
    METHOD_GET_ROLE,
    METHOD_REGISTER_USING_TOKEN,
    METHOD_JOIN,
    METHOD_GET_CERT_AUTHORITY,
    METHOD_GET_CERT_AUTHORITIES,
    METHOD_LIST_REMOTE_CLUSTERS,
    METHOD_GET_NETWORKING,
    METHOD_GET_NETWORKING_V15,
    METHOD_PROXY_SSH,
    METHOD_GET_CLUSTER_DETAILS,
};

const char *rpc_metrics_method(const char *path)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i], path) == 0)
            return strrchr(methods[i], '/') + 1;
    return "other";
}
