/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "proto/msg_auth.h"
#include "proto/msg_cluster.h"
#include "proto/msg_tunnel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

RESULT rpc_ping(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)request, (void)ret_done;
    const struct authority *a = c->authority;
    const struct msg_ping_reply reply = {
        .cluster_name = authority_cluster(a),
        .server_version = authority_server_version(a),
        .proxy_public_addr = authority_web_addr(a),
        .suite_number = authority_version(a) >= 17 ? (int32_t)authority_suite(a) : 0,
    };
    return msg_ping_reply_encode(&reply, out);
}

RESULT rpc_cluster_ca_cert(struct rpc_call *c, struct bytes request, struct buf *out,
                           bool *ret_done)
{
    (void)request, (void)ret_done;
    CLEANUP(authority_ca_release) struct authority_ca host = {.phase = CA_STANDBY};
    TRY(authority_ca(c->authority, CA_HOST, &host));
    CLEANUP(freep) char *pem = strlist_join(&host.tls, "");
    if (!pem)
        return err_nomem();
    const struct msg_cluster_ca reply = {.tls_ca = pem};
    return msg_cluster_ca_encode(&reply, out);
}

RESULT rpc_current_user(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)request, (void)ret_done;
    const char *user = c->peer->subject.username;
    int64_t generation = 0;
    TRY(authority_user_generation(c->authority, user, &generation));
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, generation);
    struct msg_label label = {MSG_LABEL_BOT_GENERATION, text};
    const struct msg_user reply = {.name = user, .labels = &label, .n_labels = generation > 0};
    return msg_user_encode(&reply, out);
}

RESULT rpc_generate_user_certs(struct rpc_call *c, struct bytes request, struct buf *out,
                               bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_user_certs_request_release) struct msg_user_certs_request wanted = {0};
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    TRY(msg_user_certs_request_decode(request, &wanted));
    TRY(authority_generate(c->authority, c->peer, &wanted, &made));
    return certs_encode(&made, out);
}

const char *rpc_variant(const struct rpc_method *m, struct bytes request)
{
    CLEANUP(msg_user_certs_request_release) struct msg_user_certs_request wanted = {0};
    if (m->handle != rpc_generate_user_certs)
        return NULL;
    struct err *e = msg_user_certs_request_decode(request, &wanted);
    if (e) {
        err_ignore(e, "the handler will say so");
        return NULL;
    }
    return wanted.use_role_requests ? "output" : "renewal";
}

RESULT rpc_role(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_role_request_release) struct msg_role_request wanted = {0};
    CLEANUP(strlist_release) struct strlist roles = {0};
    TRY(msg_role_request_decode(request, &wanted));
    TRY(authority_role(c->authority, wanted.name, &roles));
    const struct msg_role reply = {.name = wanted.name, .impersonate_roles = roles};
    return msg_role_encode(&reply, out);
}

/* One page: there are few. */
RESULT rpc_remote_clusters(struct rpc_call *c, struct bytes request, struct buf *out,
                           bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_remote_clusters_request_release) struct msg_remote_clusters_request wanted = {0};
    TRY(msg_remote_clusters_request_decode(request, &wanted));
    const struct msg_remote_clusters reply = {.names = *authority_leaves(c->authority)};
    return msg_remote_clusters_encode(&reply, out);
}

RESULT rpc_networking(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)c, (void)request, (void)ret_done;
    const struct msg_networking reply = {.multiplexed = true};
    return msg_networking_encode(&reply, out);
}

RESULT rpc_cluster_details(struct rpc_call *c, struct bytes request, struct buf *out,
                           bool *ret_done)
{
    (void)c, (void)request, (void)ret_done;
    const struct msg_cluster_details reply = {.fips = false};
    return msg_cluster_details_encode(&reply, out);
}
