/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_HARDEN_H
#define TBOT_CMD_HARDEN_H

/* For commands that hold keys: no core dump and no tracer gets at them. First thing in the command. */
void harden_process(void);

#endif
