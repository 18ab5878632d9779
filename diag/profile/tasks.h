/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_TASKS_H
#define TBOT_DIAG_PROFILE_TASKS_H

/*
 * The threads of this process as the kernel knows them: also those of libraries.
 *
 * Threads: any.
 */

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* More than that are not looked at. */
#define TASKS_MAX 256

struct task {
    pid_t tid;
    char name[16]; /* of the thread; that of the program where nobody set one */
};

struct task_list {
    size_t n;
    struct task items[TASKS_MAX];
};

/* ERR_UNAVAILABLE: there is no /proc. */
RESULT tasks_list(struct task_list *ret);

struct task_state {
    char letter;        /* as ps(1) shows it; '?' when the thread has just ended */
    uint64_t cpu_ticks; /* used so far, in sysconf(_SC_CLK_TCK) a second */
};

struct task_state task_state(pid_t tid);

/* Of the text of /proc/…/stat. Pure. */
struct task_state task_state_parse(const char *stat);

#endif
