/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_WRITE_H
#define TBOT_AGENT_CONFIG_WRITE_H

/*
 * A config as the YAML file that config_load() reads back to the same: what `configure` prints.
 *
 * What has its default is left out, except where a reader of the file would wonder (lifetimes,
 * storage). The text is a secret because a join token may be in it. A text of the config that is
 * not UTF-8, and so no YAML, is ERR_CONFIG.
 */

#include "agent/config.h"

RESULT config_write(const struct config *config, struct secret **ret);

#endif
