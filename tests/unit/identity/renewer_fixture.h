/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_IDENTITY_RENEWER_FIXTURE_H
#define TBOT_TESTS_UNIT_IDENTITY_RENEWER_FIXTURE_H

/*
 * A renewer, its dice and its clocks. The identity it starts with is of generation 5, issued at T0 for
 * an hour, to be renewed every 20 minutes; what a join or a renewal gives is of generation 6.
 */

#include "identity/renewer.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define T0 1767225600

struct fixture {
    struct fake_entropy dice;
    struct renewer r;
    struct now now;
    struct renewer_todo todo;
};

/* Fills in what most tests do not care for: interval, attempts, startup_limit, entropy. */
void setup(struct fixture *f, struct renewer_config config);

struct renewer_identity identity_of(int64_t generation, struct now now);

void step(struct fixture *f, struct renewer_event ev);
void tell(struct fixture *f, enum renewer_event_kind kind);

enum { STORED = 1, OPEN = 2, PER_INSTANCE = 4, NEW_TOKEN = 8, PROVEN = 16, FINAL = 32 };

void start(struct fixture *f, unsigned flags);

/* Both clocks, and nobody is told. */
void pass(struct fixture *f, int64_t s);

/* Follows the wake-ups until a job is asked for, or all has ended; seconds it took. */
int64_t wait_for_job(struct fixture *f);

/* Waits for `job` and ends it with `code`. What is read is the own generation. */
void done(struct fixture *f, enum renewer_job job, enum err_code code);
void written_without_reply(struct fixture *f, enum err_code code);
void read_generation(struct fixture *f, enum renewer_job job, int64_t generation);

/* Until FRESH, by a read and a renewal. */
void renew(struct fixture *f);

/* One job of a story: how long until it comes, how it ends, where that leads. */
struct turn {
    enum renewer_job job;
    int64_t after_s[2]; /* at least, at most */
    enum err_code code;
    enum renewer_state state;
};

void play(struct fixture *f, const struct turn *turns, size_t n);
#define PLAY(f, turns) play((f), (turns), sizeof(turns) / sizeof((turns)[0]))

#endif
