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
    bool no_sandbox;       /* --no-sandbox */
    struct start_options options;
};

/*
 * The same in its steps, for who reports on them, with options that are parsed already: is there
 * anything to `verb`; what the file alone says (defaults without one); the options over it, judged.
 */
RESULT start_config_check_given(const struct start_options *options, const char *verb);
RESULT start_config_read(const struct start_options *options, struct config **ret);
RESULT start_config_complete(const struct start_options *options, struct config *config);

/* ERR_USAGE for the command line, ERR_CONFIG and others for the file. */
RESULT start_config_load(struct start_config *start, struct globals *globals, int argc,
                         char **argv);

/*
 * The same once more from the same command line, for a reload: `arg` is the struct start_config, loaded, which
 * stays as it is. From any thread, one at a time. ERR_CONFIG also for what can be read only once.
 */
RESULT start_config_again(void *arg, struct config **ret);

void start_config_release(struct start_config *start);

#endif
