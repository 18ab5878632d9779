/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PATH_H
#define TBOT_TRANSPORT_PATH_H

/*
 * Which ways to the auth server there are from one configured address, and in which order to try
 * them. Pure: what was learnt comes in, the order goes out.
 *
 * An `auth_server` on port 443 or 3080 may be a proxy, as in Go tbot: the proxy's way is tried first
 * then. The way that worked last is always tried first; a failure makes it suspect, and only the
 * success of another replaces it: an outage does not wipe what was learnt.
 */

#include "transport/address.h"
#include "transport/route.h"

enum path_kind {
    PATH_AUTH,    /* an auth server */
    PATH_PROXY,   /* a proxy */
    PATH_UNKNOWN, /* called an auth server, on a port of proxies */
};

/* "auth", "proxy", "unknown" */
const char *path_kind_name(enum path_kind kind);

enum path_kind path_kind_of(bool is_proxy_setting, const struct address *a);

#define PATH_MAX_ROUTES 2

struct path {
    enum path_kind kind;
    bool has_worked;
    enum route last; /* has_worked: the way that worked last */
    bool is_suspect; /* it failed since */
};

/* In the order to try them; returns how many. */
size_t path_routes(const struct path *p, enum route ret[PATH_MAX_ROUTES]);

/* Whether `r` is one of the ways from an address of this kind. */
bool path_kind_has(enum path_kind kind, enum route r);

void path_worked(struct path *p, enum route r);
/* `code` says why: a dial that we ended ourselves says nothing of the way. */
void path_failed(struct path *p, enum route r, enum err_code code);

#endif
