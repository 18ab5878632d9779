/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_LOG_SWITCH_H
#define TBOT_DIAG_LOG_SWITCH_H

/*
 * Changes the level of the log, for good or for a while: somebody who looks into a fault at night
 * should not have to remember to make the log quiet again.
 *
 *     diag_log_switch_init(&s, loop, log);
 *     diag_log_switch_set(&s, LOG_DEBUG, dur_s(600));     back by itself after ten minutes
 *     diag_log_switch_release(&s);                        back at once, if it was for a while
 *
 * Threads: the loop's only.
 */

#include "base/loop.h"
#include "diag/core/log.h"

struct diag_log_switch {
    struct loop *loop;
    struct log *log;
    struct loop_timer back;
    enum log_level usual; /* what it goes back to */
    struct wall until;    /* WALL_NONE: nothing is to go back */
};

void diag_log_switch_init(struct diag_log_switch *s, struct loop *loop, struct log *log);

/* `lasting` 0: for good. A second change for a while goes back to where the first would have. */
void diag_log_switch_set(struct diag_log_switch *s, enum log_level level, struct dur lasting);

void diag_log_switch_release(struct diag_log_switch *s);

#endif
