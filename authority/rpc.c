/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "proto/method.h"

#include <stdio.h>
#include <string.h>

#define AUTH (1u << RPC_PORT_AUTH)
#define PROXY (1u << RPC_PORT_PROXY)
#define PROXY_SSH (1u << RPC_PORT_PROXY_SSH)

static const struct rpc_method methods[] = {
    {METHOD_PING, rpc_ping, false, true, 0, 0, AUTH},
    {METHOD_GET_CLUSTER_CA_CERT, rpc_cluster_ca_cert, false, true, 0, 0, AUTH},
    {METHOD_GET_CURRENT_USER, rpc_current_user, false, false, 0, 0, AUTH},
    {METHOD_GENERATE_USER_CERTS, rpc_generate_user_certs, false, false, 0, 0, AUTH},
    {METHOD_GET_ROLE, rpc_role, false, false, 0, 0, AUTH},
    {METHOD_REGISTER_USING_TOKEN, rpc_register_using_token, false, true, 16, 0, AUTH},
    {METHOD_JOIN, rpc_join, true, true, 18, 0, AUTH | PROXY},
    {METHOD_GET_CERT_AUTHORITY, rpc_cert_authority, false, false, 0, 0, AUTH},
    {METHOD_GET_CERT_AUTHORITIES, rpc_cert_authorities, false, false, 0, 0, AUTH},
    {METHOD_LIST_REMOTE_CLUSTERS, rpc_remote_clusters, false, false, 16, 0, AUTH},
    {METHOD_GET_NETWORKING, rpc_networking, false, false, 16, 0, AUTH},
    {METHOD_GET_NETWORKING_V15, rpc_networking, false, false, 0, 0, AUTH},
    {METHOD_GET_CLUSTER_DETAILS, rpc_cluster_details, false, false, 0, 0, PROXY_SSH},
};

void rpc_call_release(struct rpc_call *c)
{
    secret_free(TAKE(c->token));
}

const struct rpc_method *rpc_find(const struct authority *a, enum rpc_port port, const char *path)
{
    int version = authority_version(a);
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        const struct rpc_method *m = &methods[i];
        bool is_known = version >= m->since && (!m->until || version <= m->until);
        if (is_known && m->ports & 1u << port && strcmp(m->path, path) == 0)
            return m;
    }
    return NULL;
}

RESULT rpc_handle(const struct rpc_method *m, struct rpc_call *c, struct bytes request,
                  struct buf *out, bool *ret_done)
{
    /* A known peer is looked at on public methods too: a locked bot is refused everything. */
    if (c->peer->is_known || !m->is_public)
        TRY(authority_check_peer(c->authority, c->peer));
    bool is_done = !m->is_stream;
    TRY(m->handle(c, request, out, &is_done));
    c->step++;
    *ret_done = is_done;
    return NULL;
}

/* A client may be one major version behind; the texts that follow the numbers do not matter. */
RESULT rpc_check_client_version(const struct authority *a, const char *version)
{
    unsigned major = 0, minor = 0, patch = 0;
    int len = 0;
    if (!version || authority_version(a) < 16)
        return NULL;
    /* NOLINTNEXTLINE(cert-err34-c): four digits cannot overflow */
    bool is_version = sscanf(version, "%4u.%4u.%4u%n", &major, &minor, &patch, &len) == 3 &&
                      (!version[len] || version[len] == '-' || version[len] == '+');
    if (!is_version || (int)major < authority_version(a) - 1)
        return err_new(ERR_DENIED, "client version is unsupported");
    return NULL;
}
