/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_CREDENTIAL_H
#define TBOT_AGENT_CONFIG_CREDENTIAL_H

/*
 * The join token as a service manager hands it over. A file with a token should be readable by root alone,
 * and the agent should not run as root: systemd reads the file (LoadCredential=join-token:FILE) and puts a
 * copy into a directory that only the unit sees, named by $CREDENTIALS_DIRECTORY.
 */

#include "agent/config.h"

#define CONFIG_CREDENTIAL_TOKEN "join-token"

/*
 * Where the configuration names a file with the token, and there is such a directory: config_token() looks
 * there first, and into the file when nothing is there. `get` is getenv(3), or a test's. Nothing is read now.
 * ERR_NOMEM.
 */
RESULT config_credential_find(struct config *config, char *(*get)(const char *name));

#endif
