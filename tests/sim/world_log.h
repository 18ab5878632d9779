/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_LOG_H
#define TBOT_TESTS_SIM_WORLD_LOG_H

/*
 * The log: what the agents say goes through diag/core/log.h, with the errors, hints and advice of the
 * program, into memory, and is read back. Every secret of the world carries WORLD_SECRET; a line that
 * shows it breaks the run. With -v the lines are shown, and between them what is decided.
 */

#include "base/cleanup.h"
#include "diag/core/log.h"

#include <stdint.h>

struct world;
struct world_agent;

#define WORLD_SECRET "s3cr3t"

struct world_log {
    struct clock clock; /* shows `now` */
    struct now now;
    struct log *log; /* NULL: not wanted */
    int fd;
    bool is_shown;
    uint64_t lines;
};

void world_log_init(struct world *w);
void world_log_release(struct world *w);

/* The log for a line of this agent's, NULL where nobody wants one; world_log_check() after it. */
struct log *world_log_of(struct world_agent *a);
void world_log_check(struct world_agent *a);

/* With -v: what happens in the world, and to whom (`a` may be NULL). */
void world_log_show(const struct world *w, const struct world_agent *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
