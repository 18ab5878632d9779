/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_ENVIRONMENT_H
#define TBOT_TRANSPORT_ENVIRONMENT_H

/*
 * Environment variables that change how a cluster is reached: the one place that knows them. Ways
 * we do not build are refused by name: a variable that is silently ignored would send traffic where
 * somebody did not want it.
 *
 * `get` is getenv(3), or a test's.
 */

#include "transport/address.h"

/*
 * ERR_CONFIG, naming the variable, when one asks for an HTTP CONNECT proxy for `target` (unless
 * NO_PROXY or a loopback address leaves it out), the connection upgrade, or another tunnel address.
 */
RESULT environment_check(const struct address *target, char *(*get)(const char *name));

/* Every variable that is looked at, in a fixed order: the way to a cluster was learnt under them. */
#define ENVIRONMENT_COUNT 9
extern const char *const environment_names[ENVIRONMENT_COUNT];

#endif
