/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAULT_WALK_H
#define TBOT_TESTS_FAULT_WALK_H

/*
 * The fault walk: runs a scenario again and again, and fails its first point, its second, its third,
 * until a run passes in which nothing failed; then the same with the next kind of fault.
 *
 *     set_up()   in an empty directory; nothing fails
 *     act()      every point may fail, or be where the process dies
 *     check()    nothing fails: what is on the disk now, and does it go on from there? After a death
 *                this is another process than the one that acted.
 *
 * Beside what check() asks, each run must hold what holds everywhere: an error has a code, names what
 * it was about and the cause, and tells no secret; nothing stays allocated, mapped or open; nothing is
 * renamed whose content is not on the disk; a fault that the code must cope with is no error.
 *
 * A program takes the arguments [SCENARIO [KIND [N]]] to do a part of it, as its messages say.
 */

#include "base/err.h"
#include "tests/fault/faults.h"
#include "tests/support/temp_dir.h"

struct walk;

/* Which kinds a scenario is walked with: 1 << KIND_… */
#define KINDS_MEMORY (1U << KIND_MEMORY | 1U << KIND_MEMORY_GONE)
#define KINDS_DISK                                                                                 \
    (1U << KIND_BROKEN | 1U << KIND_FULL | 1U << KIND_FORBIDDEN | 1U << KIND_INTERRUPTED |         \
     1U << KIND_SHORT | 1U << KIND_KILLED)
#define KINDS_CLUSTER (1U << KIND_REMOTE)

struct scenario {
    const char *name;
    unsigned kinds;
    void (*set_up)(struct walk *w); /* may be NULL */
    RESULT (*act)(struct walk *w);
    void (*check)(struct walk *w, const struct err *e); /* may be NULL */
    const void *arg;
};

/* What act() tells check(), also out of a process that died. Zero at the start of each run. */
#define WALK_NOTES_SIZE 4096

struct walk {
    const struct scenario *scenario;
    const struct fault_kind *kind;
    unsigned n;
    struct temp_dir dir;
    void *notes;
    bool has_failed; /* a point of this run did */
    bool was_killed;
};

/* Says what is wrong with this run unless `is_so`; returns it. */
bool walk_check(struct walk *w, bool is_so, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL is right; frees the error. */
bool walk_check_ok(struct walk *w, struct err *e, const char *what);

/* An error that act() met and got over: it is judged as one that it returns. */
void walk_judge(struct walk *w, const struct err *e);

/* A text that must not appear in any error; borrowed. */
void walk_keep_secret(const char *text);
/* Whether a text is free of them. */
bool walk_is_discreet(const char *text);

/* The program: the exit status of main(). */
int walk_main(int argc, char **argv, const struct scenario *scenarios, size_t n);

#endif
