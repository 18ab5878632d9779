/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_CONNECTOR_H
#define TBOT_TRANSPORT_CONNECTOR_H

/*
 * Dials the auth server, whichever way the configured address leads to it: what a lazy channel is
 * given as its dial function.
 *
 *     TRY(connector_new(&config, &connector));
 *     struct channel_config config = { .dial = connector_dial, .arg = connector, … };
 *
 * The server is verified with the CAs of the credentials, under the name of their cluster. The ways
 * are tried in the order of transport/path.h within one deadline; the error tells of each.
 *
 * Threads: any.
 */

#include "identity/pki/credentials.h"
#include "transport/path.h"

struct connector;

struct connector_config {
    struct address address;
    enum path_setting setting;
    struct path_memory memory; /* learnt before */
};

RESULT connector_new(const struct connector_config *config, struct connector **ret);
void connector_free(struct connector *c); /* accepts NULL */
DEFINE_FREEP(connector)

/* What is known of the way by now, e.g. to be stored. */
struct path_memory connector_memory(struct connector *c);

/* A stream to speak gRPC on. `connector` is the struct connector. */
RESULT connector_dial(void *connector, struct credentials *creds, const struct ctx *ctx,
                      struct tls **ret);

/* A stream to speak HTTP/1.1 on, to the auth server. */
RESULT connector_dial_http(struct connector *c, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret);

/* A stream to the proxy's transport service, for gRPC. */
RESULT connector_dial_ssh(void *connector, struct credentials *creds, const struct ctx *ctx,
                          struct tls **ret);

#endif
