/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_CPU_TIMERS_H
#define TBOT_DIAG_PROFILE_CPU_TIMERS_H

/*
 * One timer per thread, on the processor time of that thread, which signals that thread: so a sample
 * tells who did the work. A timer of the whole process (setitimer) signals whoever happens to run.
 *
 * Zero-initialise, scan now and then, stop. Threads that ended keep their names here until the end.
 *
 * Threads: one at a time.
 */

#include "base/err.h"
#include "diag/profile/tasks.h"

#include <time.h>

#define CPU_TIMERS_MAX 1024 /* threads in one profile; later ones go unsampled */

struct cpu_timer {
    struct task task;
    timer_t timer;
    bool is_running;
    bool is_seen; /* by the scan under way */
};

struct cpu_timers {
    size_t n;
    size_t refused; /* threads for which the kernel gave no timer, or there was no place */
    struct cpu_timer items[CPU_TIMERS_MAX];
};

/* Begins for threads that are new: SIGPROF after every `period_ns` of its time. Ends for those gone. */
RESULT cpu_timers_scan(struct cpu_timers *t, long period_ns);

/* Ends all. Signals may still be on their way. */
void cpu_timers_stop(struct cpu_timers *t);

/* What the thread is called, or was. */
const char *cpu_timers_name(const struct cpu_timers *t, pid_t tid);

#endif
