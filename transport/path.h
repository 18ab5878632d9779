/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PATH_H
#define TBOT_TRANSPORT_PATH_H

/*
 * Which way to the cluster to try, and in what order: pure decisions.
 *
 * A configured `proxy_server` is a proxy. A configured `auth_server` may turn out to be one: port 443
 * or 3080 makes that likely. What worked last comes first, also when it has failed since: an outage
 * must not wipe what was learnt, only another way's success replaces it.
 */

#include "transport/route.h"

enum path_kind {
    PATH_AUTH,  /* the address is the auth server's own port */
    PATH_PROXY, /* the address is the proxy's web port */
};

/* "auth", "proxy" */
const char *path_kind_name(enum path_kind kind);

/* The route that goes with it. */
enum route path_route(enum path_kind kind);

enum path_setting {
    PATH_AUTH_SERVER,
    PATH_PROXY_SERVER,
};

/* What was learnt. Plain value, zero-initialised: nothing. */
struct path_memory {
    bool is_known;
    bool is_suspect; /* it has failed since */
    enum path_kind kind;
};

#define PATH_MAX_TRIES 2

struct path_plan {
    enum path_kind kinds[PATH_MAX_TRIES];
    size_t len;
};

struct path_plan path_plan(enum path_setting setting, uint16_t port,
                           const struct path_memory *memory);

/* How the memory changes with the end of one attempt. */
void path_learn(struct path_memory *memory, enum path_kind kind, bool is_success);

#endif
