/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_PROFILE_H
#define TBOT_DIAG_PROFILE_PROFILE_H

/*
 * A finished profile, and the bytes that `go tool pprof` and its relatives read: a gzip'd profile.proto
 * (github.com/google/pprof). Function names are put in here, so that the reader needs neither the program
 * nor its symbols.
 *
 * Threads: one at a time; not the loop's, for names are looked up and compressed.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "diag/profile/stack_table.h"

#define PROFILE_MAX ((size_t)8 * 1024 * 1024) /* no profile is larger, packed or not */

/* What one number of a sample means, e.g. {"cpu", "nanoseconds"}. Static texts. */
struct profile_type {
    const char *type, *unit;
};

struct profile {
    struct profile_type types[STACK_TABLE_VALUES]; /* of the entries' values, in their order */
    size_t n_types;
    const char *shown; /* the type that is shown unless another is asked for */
    struct profile_type period_type;
    int64_t period;
    struct wall time; /* when it began */
    struct dur duration;
    const struct stack_table *stacks; /* borrowed */
    const char *comment;              /* borrowed; NULL: none */
    /* What to call a thread; NULL: samples are not told apart by thread. */
    const char *(*thread_name)(const void *arg, pid_t tid);
    const void *arg;
};

/* ERR_REJECTED when it does not fit. */
RESULT profile_encode(const struct profile *p, struct buf *out);

#endif
