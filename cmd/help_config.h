/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_HELP_CONFIG_H
#define TBOT_CMD_HELP_CONFIG_H

#include <stdio.h>

/*
 * `tbot help config`: the keys of the configuration file, from the tables the reader uses, so that
 * it cannot promise what the reader refuses.
 */
void help_config_print(FILE *to);

#endif
