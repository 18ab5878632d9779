/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_READY_H
#define TBOT_AUTHORITY_READY_H

/*
 * The bots and tokens of the command line, and the announcement that everything is ready: what an
 * agent needs to join.
 */

#include "authority/authority.h"
#include "authority/options.h"

struct ready {
    const struct options *options;
    struct authority *authority;
    const char *auth_addr;
    const char *web_addr; /* "": none */
};

/*
 * Makes the bots and tokens and writes the web port's authority where that was asked for; then
 * announces, as a line on standard output or, with --ready-file, as lines NAME=VALUE:
 *
 *     auth, web, cluster, pin     addresses, the cluster's name, "sha256:…"
 *     token                       of the first bot
 *     token.BOT                   of each bot
 */
RESULT ready_announce(const struct ready *r);

#endif
