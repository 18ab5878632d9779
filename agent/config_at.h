/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_AT_H
#define TBOT_AGENT_CONFIG_AT_H

/* A place in a configuration file. Both count from 1; line 0 is the command line, or nowhere. */
struct config_at {
    unsigned line, column;
};

#endif
