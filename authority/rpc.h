/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_RPC_H
#define TBOT_AUTHORITY_RPC_H

/*
 * The methods we answer: from the bytes of a request to the bytes of a reply. gRPC itself is in
 * calls.c; here is only what a method means.
 */

#include "authority/authority.h"

#include "base/secret.h"

/* The largest reply. */
#define RPC_REPLY_MAX ((size_t)1 << 20)

/* Which port a call came in by. */
enum rpc_port {
    RPC_PORT_AUTH,
    RPC_PORT_PROXY,     /* the proxy's public gRPC: joining only */
    RPC_PORT_PROXY_SSH, /* the proxy's transport service */
};

/* One call. Zero-initialised but for the first two; released with rpc_call_release(). */
struct rpc_call {
    struct authority *authority;
    const struct peer *peer;
    unsigned step;        /* messages handled before this one */
    struct secret *token; /* a join's, between its two messages */
};
void rpc_call_release(struct rpc_call *c);

/*
 * Handles one message. The reply goes into `out`. A stream goes on after it until *ret_done is set;
 * a unary call is done anyhow.
 */
typedef RESULT rpc_handler(struct rpc_call *c, struct bytes request, struct buf *out,
                           bool *ret_done);

struct rpc_method {
    const char *path;
    rpc_handler *handle;
    bool is_stream;
    bool is_public;   /* may be called without a certificate */
    int since, until; /* major versions that know it; 0: no bound */
    unsigned ports;   /* 1 << RPC_PORT_…, or-ed */
};

/* NULL when the imitated version does not have the method on that port. */
const struct rpc_method *rpc_find(const struct authority *a, enum rpc_port port, const char *path);

/* Checks who is asking, then handles. */
RESULT rpc_handle(const struct rpc_method *m, struct rpc_call *c, struct bytes request,
                  struct buf *out, bool *ret_done);

/*
 * What a request of the method is for, where that makes a difference to faults: "renewal" or "output"
 * for GenerateUserCerts. NULL otherwise.
 */
const char *rpc_variant(const struct rpc_method *m, struct bytes request);

/*
 * The gate of version 16 and later for what a client says its version is; NULL: it says nothing.
 * ERR_DENIED.
 */
RESULT rpc_check_client_version(const struct authority *a, const char *version);

/* The handlers, by the service they belong to. */
rpc_handler rpc_ping, rpc_cluster_ca_cert, rpc_current_user, rpc_generate_user_certs, rpc_role;
rpc_handler rpc_register_using_token, rpc_join;
rpc_handler rpc_cert_authority, rpc_cert_authorities;
rpc_handler rpc_remote_clusters, rpc_networking, rpc_cluster_details;

#endif
