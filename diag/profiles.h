/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILES_H
#define TBOT_DIAG_PROFILES_H

/*
 * The profiles that are being made for those who are held: one for each place, from the deed that
 * begins it to the answer that hands it out.
 *
 * Threads: the loop's only.
 */

#include "diag/answer.h"
#include "diag/places.h"

struct diag_profiles_config {
    struct loop *loop;
    const struct clock *clock;
    void *arg;
    void (*changed)(void *arg); /* one is made, or failed: who is held may ask again */
};

struct diag_profiles;

/* What was asked for at one place. */
struct diag_profile_item {
    struct diag_profiles *all;
    enum diag_profile_state state;
    struct profiler_job *job; /* UNDER_WAY */
    struct buf bytes;         /* MADE */
    struct err *why;          /* FAILED */
};

/* Zero-initialise. */
struct diag_profiles {
    struct diag_profiles_config c;
    struct profiler *profiler; /* NULL until the first */
    struct diag_profile_item items[PLACES_MAX];
};

void diag_profiles_init(struct diag_profiles *p, const struct diag_profiles_config *c);
void diag_profiles_release(struct diag_profiles *p); /* ends those under way */

/* Begins one for the `i`-th place. What goes wrong is seen by who asks again. */
void diag_profiles_start(struct diag_profiles *p, size_t i, const struct diag_deed *deed);

/* Borrowed until the next call for that place. */
struct diag_profile_view diag_profiles_view(const struct diag_profiles *p, size_t i);

/* It was handed out, or who asked went away. */
void diag_profiles_forget(struct diag_profiles *p, size_t i);

#endif
