/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_RELOAD_H
#define TBOT_AGENT_RELOAD_H

/*
 * When the configuration is read again, and how that went up to now: pure. agent/agent_reload.h does it.
 *
 *     switch (reload_ask(&r))              somebody asks
 *     case RELOAD_BEGIN: ...               read it now
 *     ...
 *     if (reload_ended(&r, is_ok, now))    it is over; true: another was asked for meanwhile
 *         ...                              read it again
 *
 * One at a time. Asked for while one runs, however often, one more follows: what is in the file when
 * somebody asks is read after that. Each has a number, so that who asked can wait for the right one.
 */

#include "base/clock.h"

#include <stdbool.h>

enum reload_answer {
    RELOAD_BEGIN,
    RELOAD_QUEUED,   /* it follows the one under way */
    RELOAD_STOPPING, /* refused: the agent ends */
    RELOAD_NEVER,    /* refused: one pass reads its configuration once */
};

struct reload {
    bool is_offered; /* not in one pass */
    bool is_stopping, is_running, is_queued;
    bool is_given_up; /* the one that runs hangs: it has failed already, its end is nobody's */
    unsigned begun, succeeded, failed;
    struct wall last; /* when the last one ended; WALL_NONE: there was none */
};

void reload_init(struct reload *r, bool is_offered);

enum reload_answer reload_ask(struct reload *r);

/* The one that runs has ended. True: begin the next. */
bool reload_ended(struct reload *r, bool is_ok, struct wall now);

/* It hangs in the system: it counts as failed. It ends with reload_ended() all the same, should it ever. */
void reload_give_up(struct reload *r, struct wall now);

/* The agent ends: none begins any more. */
void reload_stop(struct reload *r);

/* One runs, and something is still expected of it. */
bool reload_is_under_way(const struct reload *r);

/* The number of the one that somebody who asks now waits for, and of the last that has ended. */
unsigned reload_awaited(const struct reload *r);
unsigned reload_done(const struct reload *r);

#endif
