/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_JOIN_URI_H
#define TBOT_AGENT_CONFIG_JOIN_URI_H

/*
 * A join URI says address, method and token in one:
 *
 *     tbot+<proxy|auth>+<method>://<token>[:<parameter>]@<host:port>
 *
 * Method names have '-' for '_' there. The parameter belongs to methods that are not built.
 */

#include "agent/config.h"

/*
 * Sets the address, join method and token of `config` from `uri`, and nothing on an error:
 * ERR_CONFIG. The message never has the token in it.
 */
RESULT config_join_uri_apply(const char *uri, struct config *config);

#endif
