/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_MASK_H
#define TBOT_AGENT_CONFIG_MASK_H

#include "agent/config.h"

#define CONFIG_MASK "(masked)"

/*
 * Puts CONFIG_MASK in the place of every value that config_schema.h marks as CONFIG_SENSITIVE, so that
 * config_write() gives a text that can be shown to others.
 */
RESULT config_mask(struct config *config);

#endif
