/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROCESS_STAT_H
#define TBOT_DIAG_PROCESS_STAT_H

/* What proc(5) says in /proc/PID/stat, as far as metrics tell it. Pure. */

#include <stdbool.h>
#include <stdint.h>

struct process_stat {
    uint64_t user_ticks, system_ticks; /* of processor time, sysconf(_SC_CLK_TCK) a second */
    uint64_t threads;
    uint64_t start_ticks;   /* after boot */
    uint64_t virtual_bytes; /* of address space */
    uint64_t resident_pages;
};

/* The one line of the file. false: it is not one. */
bool process_stat_parse(const char *line, struct process_stat *ret);

#endif
