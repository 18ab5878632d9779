/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_AGENT_H
#define TBOT_TESTS_SIM_WORLD_AGENT_H

/*
 * One agent: a machine with its clocks and its disk, and on it a process that does what the real
 * decisions say. It is to agent/agent.c, identity_service.c, connection_service.c and output_service.c
 * what a drawing is to a house: the same order of steps, without threads, files and sockets. Where
 * those change, this follows; the time limits are theirs.
 *
 * Killed, it loses everything but the disk, and what it sent stays sent. Stopped, it waits up to ten
 * seconds for the reply of a join or a renewal.
 */

#include "agent/skew.h"
#include "agent/supervisor.h"
#include "tests/sim/world_check.h"
#include "tests/sim/world_connection.h"
#include "tests/sim/world_disk.h"
#include "tests/sim/world_lane.h"
#include "tests/sim/world_machine.h"
#include "tests/sim/world_net.h"
#include "tests/sim/world_output.h"
#include "tests/support/fake_entropy.h"

/* That of agent/identity_service.c, in one cycle. */
#define WORLD_ATTEMPTS 7

enum world_exit {
    WORLD_RUNS,
    WORLD_ABSENT, /* never started, or killed and not started again yet */
    WORLD_STOPPED,
    WORLD_DONE,            /* one pass, well */
    WORLD_FAILED_OUTPUTS,  /* one pass, some output not */
    WORLD_FAILED_IDENTITY, /* the renewer is in FAILED */
    WORLD_GAVE_UP,         /* no contact for as long as give_up_after says */
};

struct world_agent {
    struct world *world;
    size_t number;
    size_t bot; /* which bot of the cluster it is */
    struct fake_entropy dice;

    /* The machine. */
    struct dur ahead;      /* its calendar, of the true one */
    struct dur lost;       /* its boot clock stood still for so long */
    struct mono asleep_to; /* does not run before */
    bool wakes_wrong;      /* its calendar stood still, too */
    struct world_disk disk;
    uint64_t token;    /* configured; 0: none */
    unsigned pins;     /* configured: CAs, one bit each; 0: none */
    bool starts_again; /* when the process has ended */
    struct loop_timer starts, wakes;

    /* The process. */
    enum world_exit exit;
    uint64_t process; /* another number after each start */
    bool is_stopping;
    struct loop_timer stops; /* without waiting any more */
    struct renewer renewer;
    unsigned told; /* of its states, to a person */
    struct loop_timer renewer_timer;
    struct supervisor supervisor;
    struct world_identity held;
    struct world_lane lane;
    struct world_output outputs[WORLD_OUTPUTS_MAX];

    /* Its connection: world_connection.h. */
    struct contact contact;
    struct loop_timer contact_timer, patience;
    struct mono began;
    struct path path;
    struct world_conn conn;
    struct world_call check;
    bool is_second_check;
    struct skew skew;
    struct dur told_skew; /* to the renewer */

    struct world_check watch;
};

bool world_agent_runs(const struct world_agent *a);

void world_agent_start(struct world_agent *a);
void world_agent_kill(struct world_agent *a);
void world_agent_stop(struct world_agent *a);

/* The process ends by itself. */
void world_agent_end(struct world_agent *a, enum world_exit exit);

/* SIGUSR1. */
void world_agent_renew_now(struct world_agent *a);

/* An event for the renewer; the lane's job has ended. */
void world_agent_step(struct world_agent *a, const struct renewer_event *ev);
void world_agent_lane_ended(struct world_agent *a);

/* The calendar jumped, or time passed unseen. */
void world_agent_look_at_clocks(struct world_agent *a);

/* After every change of a part. */
void world_agent_look(struct world_agent *a);

#endif
