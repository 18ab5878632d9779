/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_H
#define TBOT_TESTS_SIM_WORLD_H

/*
 * A simulated world for the real decisions: identity/renewer.h with its schedule and back-off,
 * agent/contact.h, agent/supervisor.h, agent/cycle.h and transport/path.h run in it as they are; what
 * they see of the outside is a model. Time jumps to the next event, so a year costs milliseconds.
 *
 *     struct world w;
 *     world_init(&w, &config, seed, &options);
 *     bool held = world_run(&w);           an invariant that breaks is told on stderr
 *     ... w.tally, w.agents[0].renewer ...
 *     world_release(&w);
 *
 *     world.c           time and events
 *     world_script.h    what happens when: outages, jumps of clocks, a full disk, a person's help
 *     world_net.h       the way to the cluster: dialling, losses, silence, one agent's connection
 *     world_call.h      one call over it, which may outlive whoever made it
 *     world_cluster.h   generations, locks, tokens, CAs; counts what it is asked
 *     world_disk.h      what survives the end of a process
 *     world_machine.h   clocks, sleep, and who starts and stops a process
 *     world_agent.h     one process: does what the decisions say, as agent/ does with real parts
 *     world_connection.h  what it knows of the cluster as a whole
 *     world_lane.h      its identity's jobs, the transaction of a renewal among them
 *     world_output.h    its outputs
 *     world_check.h     the invariants, and world_truth.h what they compare with
 *     world_walk.h      moments at which the process is made to end
 *     world_log.h       the real log, read back
 *
 * All chance comes from the seed: the same seed, the same run. Each agent draws from a source of its
 * own, so that what one draws does not change what another does.
 */

#include "base/loop_heap.h"
#include "tests/sim/world_agent.h"
#include "tests/sim/world_cluster.h"
#include "tests/sim/world_log.h"
#include "tests/sim/world_net.h"
#include "tests/sim/world_script.h"
#include "tests/sim/world_walk.h"
#include "tests/support/fake_entropy.h"

/* What a scenario says. What it leaves out is 0, which means what stands behind it. */
struct world_config {
    int64_t run_s;
    unsigned n_agents; /* 0: one */
    unsigned n_outputs;
    int64_t ttl_s, interval_s; /* 0: an hour, 20 minutes */

    /* The cluster. */
    bool per_instance;       /* from 16.2: generations are of an instance, the label cannot tell */
    bool token_again;        /* the token may be used any number of times */
    bool rejoins;            /* identities are replaced by joining again; goes with token_again */
    int64_t cluster_ahead_s; /* its calendar is ahead of the true one */
    struct world_weather weather;
    int64_t peak_from_s; /* what it is asked in a second counts from here */

    /* The agents. */
    int64_t ahead_s; /* their calendar */
    bool is_known;   /* each starts with an identity it joined for at most `interval` ago */
    bool no_token;   /* joining is not configured */
    bool has_pins;   /* `ca_pins` are configured: of the CA at the start */
    bool twice;      /* events that may come twice do */
    int64_t write_s; /* a write to their disks takes up to so long; 0: 20 ms */
    enum path_kind path;
    enum renewer_startup startup;
    int64_t startup_limit_s; /* 0: two minutes */
    int64_t give_up_s;
    bool one_pass;
    int64_t one_pass_limit_s;
    bool retry_open;

    struct happening script[WORLD_SCRIPT_MAX];

    /* Where the invariants give way, because nobody could do better. */
    bool may_lock; /* a copy of the storage where generations cannot be read */
    bool is_lossy; /* calls fail at random: no promise how soon something succeeds */
};

struct world_options {
    bool with_log; /* write log lines, read them back, look for secrets */
    bool verbose;  /* and show them, with every decision; implies with_log */

    /* Ends the first agent's process after this step (from 1), and starts it again; 0: not. */
    uint64_t break_at_step;
    bool gently; /* with a SIGTERM rather than a kill */
};

struct world_tally {
    uint64_t runs;
    unsigned most_in_second; /* calls and dials that reached the cluster */
    unsigned joins, renewals;
    unsigned losses;    /* runs in which a reply was lost with the identity or the token in it */
    unsigned races;     /* two copies asked within one read of the other: see world_cluster.h */
    struct dur without; /* the longest any agent had nothing valid */
    struct dur slowest_return; /* from there to the last credential that waited for it */
};

struct world {
    const struct world_config *config;
    struct world_options options;
    uint64_t seed;
    struct fake_entropy dice;
    struct mono t; /* true time, 0 at the start */
    struct loop_heap timers;
    struct world_script script;
    struct world_net net;
    struct world_cluster cluster;
    struct world_agent *agents;
    size_t n_agents;
    struct world_request *requests; /* under way: a list */
    struct world_log log;
    struct world_tally tally;
    uint64_t next_id; /* of keys, instances, serials: never 0 */
    bool is_broken;
    struct world_walk walk;
};

/* Exits the program when memory is gone: a test has nothing better to do. */
void world_init(struct world *w, const struct world_config *config, uint64_t seed,
                const struct world_options *options);
void world_release(struct world *w);

/* To the end of the scenario; false when an invariant broke. */
bool world_run(struct world *w);

/* For the parts of the world. */

/* How long certificates last, and how often they are renewed. */
struct dur world_ttl(const struct world *w);
struct dur world_interval(const struct world *w);

/* The calendar as it should be. */
struct wall world_calendar(const struct world *w);

/* Sets or moves a timer; MONO_NEVER clears it. */
void world_at(struct world *w, struct loop_timer *t, struct mono at);
void world_after(struct world *w, struct loop_timer *t, struct dur wait);

uint64_t world_id(struct world *w);
uint64_t world_below(struct world *w, uint64_t bound);
struct dur world_between(struct world *w, struct dur lo, struct dur hi);
bool world_chance(struct world *w, unsigned percent);

/* An invariant does not hold: says so, with `a` (may be NULL), and ends the run. */
void world_broke(struct world *w, const struct world_agent *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the program: a fault of the simulation itself. */
_Noreturn void world_die(const char *why);

#endif
