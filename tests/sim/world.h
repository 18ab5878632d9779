/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_H
#define TBOT_TESTS_SIM_WORLD_H

/*
 * A simulated world for the real renewer: one agent, a model cluster that commits generations before
 * it answers and locks whoever presents an old one, a disk that can be full, two clocks. Time jumps
 * to the next event, so a year costs milliseconds. After every step the invariants are checked; a
 * broken one is printed with the seed and makes world_run() return false.
 */

#include "identity/renewer.h"

/* What happens to one request. */
enum fate {
    FATE_OK,
    FATE_DOWN,            /* never reaches the cluster, and we know it */
    FATE_LOST_REQUEST,    /* written, never arrived */
    FATE_LOST_REPLY,      /* committed, the reply is lost */
    FATE_ERROR_COMMITTED, /* an error answer that has cost a generation */
};

struct world;

struct world_config {
    uint64_t seed;
    struct dur ttl, interval, run_for;
    bool per_instance, retry_open, can_join;
    struct dur wall_offset; /* our calendar against the cluster's */
    /* Decides each request's fate; NULL: FATE_OK. `t` counts from the start. */
    enum fate (*fate)(struct world *w, struct dur t, enum renewer_job job);
    bool (*disk_full)(struct dur t); /* NULL: never */
    /* Restart the process (losing what is only in memory) at random, on average this often. */
    struct dur crash_every;
};

struct world {
    const struct world_config *config;
    struct renewer renewer;
    struct now now;
    struct mono began;
    uint64_t random;

    struct { /* the cluster */
        int64_t generation;
        bool locked;
    } cluster;
    struct { /* what survives a crash */
        bool has_identity, open;
        struct renewer_identity identity;
    } disk;

    /* Tallies. */
    unsigned renewals, joins, attempts_in_cycle, reads, crashes;
    struct dur without; /* time in which nothing valid could be served */
};

/* Runs the whole time; false when an invariant broke (said on stderr). */
bool world_run(struct world *w, const struct world_config *config);

#endif
