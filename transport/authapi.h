/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_AUTHAPI_H
#define TBOT_TRANSPORT_AUTHAPI_H

/*
 * The auth server's calls, typed. Each is one unary call over a lazy channel, or within a session.
 *
 *     struct authapi api = { .channel = ch };
 *     CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = { 0 };
 *     TRY(authapi_ping(&api, ctx, &ping));
 *
 * Renewing the bot's own identity cannot safely be asked twice, so it has a shape of its own:
 *
 *     TRY(authapi_session_open(ch, stored, ctx, &session, &ping));   dial and Ping, as often as needed
 *     ... make the key ping.suite_number asks for, write the journal ...
 *     bool written;
 *     struct err *e = authapi_renew(session, &request, ctx, &written, &renewed);
 *
 * All calls but authapi_renew() are idempotent. Errors are those of transport/status_map.h and
 * transport/dial.h; ERR_PROTOCOL where an answer makes no sense.
 */

#include "proto/msg_auth.h"
#include "proto/msg_cluster.h"
#include "proto/msg_trust.h"
#include "transport/channel.h"

/* What the calls go over. Plain value; borrows both. */
struct authapi {
    struct channel *channel;
    struct channel_session *session; /* NULL: whichever connection there is */
};

/* Also tells the channel the server's version. The cluster's name and the version are never empty. */
RESULT authapi_ping(const struct authapi *api, const struct ctx *ctx, struct msg_ping_reply *ret);

/*
 * The generation the server has for the bot we present ourselves as. ERR_NOT_FOUND when the user has
 * no such label. The server's answer may be a second old.
 */
RESULT authapi_generation(const struct authapi *api, const struct ctx *ctx, int64_t *ret);

/* PEM of the host CA, several certificates during a rotation. Works without credentials. */
RESULT authapi_cluster_ca(const struct authapi *api, const struct ctx *ctx,
                          struct msg_cluster_ca *ret);

/* Adds the roles the bot may ask for: its own role's allow.impersonate.roles. */
RESULT authapi_impersonated_roles(const struct authapi *api, const char *role,
                                  const struct ctx *ctx, struct strlist *ret);

/* The trusted keys of one cluster's CA. `type` is "host", "user", "db". */
RESULT authapi_ca(const struct authapi *api, const char *type, const char *cluster,
                  const struct ctx *ctx, struct msg_ca *ret);

/* Of this cluster and all its leaves. */
RESULT authapi_cas(const struct authapi *api, const char *type, const struct ctx *ctx,
                   struct msg_ca_list *ret);

/*
 * Adds the names of the leaf clusters. Servers of version 15 do not know this call and say
 * ERR_UNIMPLEMENTED: they have it as HTTP, see transport/leaves.h.
 */
RESULT authapi_leaf_clusters(const struct authapi *api, const struct ctx *ctx, struct strlist *ret);

/* Whether the proxy serves everything on one port. */
RESULT authapi_is_multiplexed(const struct authapi *api, const struct ctx *ctx, bool *ret);

/* --- certificates --- */

struct authapi_certs {
    struct key *key;
    const char *username; /* the bot's own, for outputs too */
    struct wall expires;
    /* Outputs only. */
    const struct strlist *roles; /* NULL: the bot's own identity */
    const char *route_to_cluster;
};

/*
 * Certificates for an output: other roles, other key. Comes with the user CA only (see
 * credentials_with_cas()). Asks for the server's version first where it is not known.
 */
RESULT authapi_issue(const struct authapi *api, const struct authapi_certs *request,
                     const struct ctx *ctx, struct credentials **ret);

/*
 * A connection that presents `creds`, pinged, for authapi_renew(). A connection that turns out dead
 * is replaced by a new one here, where nothing is lost.
 */
RESULT authapi_session_open(struct channel *ch, struct credentials *creds, const struct ctx *ctx,
                            struct channel_session **ret, struct msg_ping_reply *ret_ping);

/*
 * The next generation of the bot's own identity. `ping` is what authapi_session_open() gave.
 *
 * *ret_written is set on every outcome. With an error and true, the server may have counted this
 * renewal: the caller must find out (authapi_generation()) before it asks again.
 */
RESULT authapi_renew(struct channel *ch, struct channel_session *session,
                     const struct msg_ping_reply *ping, const struct authapi_certs *request,
                     const struct ctx *ctx, bool *ret_written, struct credentials **ret);

#endif
