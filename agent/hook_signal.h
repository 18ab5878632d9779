/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_SIGNAL_H
#define TBOT_AGENT_HOOK_SIGNAL_H

/*
 * A signal to the process that a file names. Who can write such a file would decide whom we, root
 * perhaps, send signals to. So it must be a regular file, not a symbolic link, that nobody but its
 * owner can write; and where the owner is neither root nor we, the process must be the owner's own.
 * The first line is a decimal number above 1; what follows is not looked at (PostgreSQL's files have
 * more lines). Blocks on the disk. Threads: any.
 */

#include "base/err.h"

/*
 * ERR_NOT_FOUND: there is no such file, or nobody has that number any more; ERR_STORAGE: the file must not
 * be believed or makes no sense, or we may not. Remedies are set.
 */
RESULT hook_signal_send(const char *pid_file, int signo); /* 0: only sees whether it could */

#endif
