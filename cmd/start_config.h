/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_START_CONFIG_H
#define TBOT_CMD_START_CONFIG_H

/*
 * From the words behind `tbot start` to the configuration to run with:
 *
 *     CLEANUP(start_config_release) struct start_config start = { 0 };
 *     struct err *e = start_config_load(&start, globals, argc, argv);
 *     if (e)
 *         return command_fail(e);
 *     if (!start.config)
 *         return 0;                          help was asked for, and printed
 *     log_init(start.is_debug, start.is_json); log start.config->warnings; run start.config
 */

#include "cmd/start_options.h"

struct start_config {
    struct config *config; /* merged and validated */
    bool is_debug;         /* --debug, TBOT_DEBUG or `debug: true` */
    bool is_json;          /* --log-format json */
    struct start_options options;
};

/* ERR_USAGE for the command line, ERR_CONFIG and others for the file. */
RESULT start_config_load(struct start_config *start, struct globals *globals, int argc,
                         char **argv);

void start_config_release(struct start_config *start);

#endif
