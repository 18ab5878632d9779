/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_SCRIPT_H
#define TBOT_TESTS_SIM_WORLD_SCRIPT_H

/*
 * What happens in a run, as a table:
 *
 *     .script = {{DOWN, .at_s = HOURS(2), .for_s = MINUTES(30), .within_s = MINUTES(20)},
 *                {DISK_FULL, .at_s = DAYS(1), .for_s = DAYS(1)}}
 *
 * `at_s` counts from the start; up to `within_s` is added at random, so that seeds meet every phase of
 * a renewal. What lasts ends by itself after `for_s`. With `every_s` it happens again.
 */

#include "base/loop.h"

#include <stdint.h>

struct world;

#define SECONDS(n) ((int64_t)(n))
#define MINUTES(n) (60 * SECONDS(n))
#define HOURS(n) (60 * MINUTES(n))
#define DAYS(n) (24 * HOURS(n))
#define YEARS(n) (365 * DAYS(n))

enum what {
    NOTHING, /* ends the table */

    /* The way to the cluster. */
    STOPPED, /* the cluster is stopped: connections break, new ones are refused */
    SILENT,  /* nothing comes through and nobody says so */
    DOWN,    /* one of the two, as chance has it */
    BLOCKED, /* the first of two ways is shut, in one of the two manners */
    CUT,     /* all connections break; new ones may be made at once */

    /* The cluster. */
    CLUSTER_CLOCK, /* its calendar jumps by `by_s` */
    LOCK,          /* a person locks the bots; for_s: and unlocks them */
    REFUSE,        /* the token is not accepted */
    BUSY,          /* outputs are told to try again */
    ROTATE,        /* new CAs: trusted at once, in use after a third of `for_s`, alone after it */
    ROTATE_HOST,   /* the same of the host CA alone: that by which we know the servers */

    /* The machine. */
    CLOCK,   /* its calendar jumps by `by_s` */
    SUSPEND, /* the machine sleeps; both its clocks run on */
    FREEZE,  /* a virtual machine is paused: clocks stand still, the calendar is set right after */
    OFF,     /* the machine is switched off, and on again */
    DISK_FULL, /* nothing can be stored */

    /* Persons and their programs. */
    KILL,      /* kill -9, and a new start within half a minute */
    STOP,      /* SIGTERM, and a new start likewise */
    RENEW_NOW, /* SIGUSR1 */
    NEW_TOKEN, /* configures a new token and the present CA pins, and starts again */
    NEW_PINS,  /* the pins alone */
    COPY,      /* the last agent, not running so far, starts on a copy of the first one's storage */
};

struct happening {
    enum what what;
    int64_t at_s, within_s, for_s, every_s, by_s;
};

#define WORLD_SCRIPT_MAX 8

struct world_script_line {
    const struct happening *h;
    struct world *world;
    struct loop_timer begin, middle, end;
    unsigned n_done;
};

struct world_script {
    struct world_script_line lines[WORLD_SCRIPT_MAX];
};

void world_script_init(struct world *w);

/* Whether the script has such a thing in it. */
bool world_script_has(const struct world *w, enum what what);

const char *world_script_name(enum what what);

#endif
