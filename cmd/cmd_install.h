/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_CMD_INSTALL_H
#define TBOT_CMD_CMD_INSTALL_H

/* The sub-commands of `tbot install` that have files of their own: words behind their names. */

#include "cmd/command.h"

int cmd_install_systemd(struct globals *globals, int argc, char **argv);

#endif
