/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_ENV_H
#define TBOT_AGENT_CONFIG_ENV_H

/*
 * Environment variables that Go tbot obeys and this one does not yet. A setting that would change
 * how the cluster is reached must not be ignored silently: it is refused by name.
 */

#include "agent/config.h"

/* ERR_CONFIG. `get` is getenv(3), or a test's. */
RESULT config_env_check(const struct config *config, char *(*get)(const char *name));

#endif
