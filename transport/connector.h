/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_CONNECTOR_H
#define TBOT_TRANSPORT_CONNECTOR_H

/*
 * Dials the auth server of a bot's cluster, by whichever way the configured address allows: what a
 * lazy channel is given as its `dial`.
 *
 *     struct channel_config config = { .dial = connector_dial, .arg = connector };
 *
 * Every way ends in one TLS layer with the auth server itself, verified with the cluster's host CAs
 * under the cluster's own name; the proxy in between, if there is one, sees only that. `insecure`
 * speaks of the proxy's web certificate, never of the cluster's.
 *
 * When the server leads to no CA of the credentials, the cluster may have replaced its CAs while nobody
 * listened. Then pins or a CA file, where there are some, say which CAs to believe, exactly as at a
 * first join, and the server is verified with those: the dial succeeds, and the next renewal brings
 * the new CAs to stay. Without either it fails with ERR_UNTRUSTED: nothing is ever believed for less.
 *
 * The way that worked last, in this process or an earlier one, is tried first; the others share the
 * time that is left. One that fails is remembered as suspect and still tried first: what looks like
 * a wrong way is mostly an outage. Only the success of another takes its place.
 *
 * Threads: all functions from any thread. They block within `ctx`.
 */

#include "diag/core/metrics.h"
#include "identity/pki/credentials.h"
#include "transport/path.h"
#include "transport/webapi.h"

struct connector;

struct connector_config {
    struct address address;
    struct path path; /* its kind, and the way that worked earlier, if that is known */
    bool insecure;
    /* What vouches for the cluster when its CAs are no longer those of the credentials; borrowed. */
    const struct strlist *ca_pins; /* NULL: none */
    const char *ca_path;           /* NULL or "": none */
    struct metrics *metrics; /* count dials by what led them; outlive `c`. NULL: nobody counts */
};

/* Dials nothing. */
RESULT connector_new(const struct connector_config *config, struct connector **ret);
void connector_free(struct connector *c); /* accepts NULL */
DEFINE_FREEP(connector)

/*
 * A TLS stream to the auth server, ALPN h2, that presents `creds`. `connector` is a struct connector.
 * When every way fails the error tells of each.
 */
struct err *connector_dial(void *connector, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret);

/* The same for HTTP/1.1, which auth servers up to version 15 need for some calls. */
RESULT connector_dial_http(struct connector *c, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret);

/* The last dial had to find out the cluster's CAs anew: true once, for the log. */
bool connector_take_retrusted(struct connector *c);

/*
 * The proxy's description of itself, asked again when the last answer is older than `max_age`, and
 * the address of its web port as users reach it. Where we reach the auth server without a proxy,
 * `public_addr` (as the server's Ping names it) is asked; ERR_NOT_FOUND when that is empty too.
 */
RESULT connector_find(struct connector *c, const char *public_addr, const struct ctx *ctx,
                      struct dur max_age, struct webapi_find *ret, struct address *ret_web);

/*
 * A join went through this way: dials begin with it, unless they know better. Such an address is a
 * proxy's or an auth server's for both.
 */
void connector_suggest(struct connector *c, enum route r);

/* The way that worked last, here or earlier; false while none is known. */
bool connector_route(struct connector *c, enum route *ret);

#endif
