/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOKS_PRIVATE_H
#define TBOT_AGENT_HOOKS_PRIVATE_H

/*
 * What the files hooks*.c share.
 *
 * hooks.c         when a hook runs, and what becomes of it
 * hooks_start.c   the helper: its beginning and its end
 * hooks_report.c  how the hooks stand
 * hooks_same.c    whether another configuration has the same, and what becomes of those it lacks
 */

#include "agent/hook_plan.h"
#include "agent/hook_table.h"
#include "agent/hooks.h"

#include <sys/types.h>

#define HOOKS_COMPONENT "hooks"
#define HOOKS_REMEDY "Restart tbot: hooks run again then."

struct hook {
    struct hooks *all;
    const struct hook_entry *entry;
    struct hook_plan plan;
    bool is_away; /* the configuration in force lacks it */
    struct loop_timer timer;
    struct now began;
    struct wall last_run, last_success;
    struct err *error; /* of the last run */
    char *error_text;
    unsigned failures; /* in a row, over all changes */
};

struct hooks {
    struct hooks_use use; /* without a loop: not attached */
    struct log *log;
    const struct clock *clock;
    struct hook_table table;
    struct hook *items; /* as many */
    struct diag_hook *report;
    pid_t pid;
    int fd; /* -1: the helper is gone */
    struct loop_io io;
    bool is_stopping;
};

/* Waits for the helper, whose side has ended, and says how it did. Never NULL. */
RESULT hooks_reap_helper(struct hooks *h);

/* Listens to the helper. */
void hooks_on_news(void *arg, uint32_t events);

/* It is time for a hook. */
void hooks_on_timer(void *arg);

#endif
