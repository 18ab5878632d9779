/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_CHECK_H
#define TBOT_TESTS_SIM_WORLD_CHECK_H

/*
 * What must hold whatever happens, looked at after every step of an agent, and every few minutes also
 * of one that takes none:
 *
 *     in time     while it could reach the cluster for long enough, an agent has a credential that is
 *                 valid and was renewed on time, and so has each output
 *     honest      what was issued to this process is not believed to live longer than it does, and what
 *                 the cluster calls expired is not served for long
 *     told        a bot that is locked, overtaken or does not trust its cluster is in that state
 *     stored      what is in memory only reaches the disk as soon as that has room
 *     asks        who has seen the cluster's clock asks for ends by it
 *     return      an outage of less than five minutes is over within 12 s of the cluster's return, a
 *                 longer one within the distance of its probes
 *     pair        a key and its certificate belong together, held and on the disk
 *     once        no generation is presented twice: the bot is never locked by us
 *     bounded     failed attempts stay under the bound of a cycle, with a pause after each; requests of
 *                 each kind stay under so many in a minute; at one moment only so much happens
 *     scheduled   a job runs, or a time is set, or the end is reached, or a person is told what to do
 *     just        who gives up (overtaken, held, locked, refused, untrusted) has a reason
 *     path        a dial begins with the way that worked last, also after a new start
 *     silent      no secret is in a log line, and a state is told once, not in a storm
 *
 * "Could reach" is what is true, not what the agent believes: it runs, nothing is in the way, its
 * calendar lies within the server's certificate, and the cluster would accept what it has.
 */

#include "base/loop.h"
#include "identity/renewer.h"
#include "tests/sim/world_disk.h"

struct world;
struct world_agent;
struct world_request;

/* How long the cluster must be within reach before everything must be as it should. */
#define WORLD_SLOWLY_S 420     /* after a refusal, which is asked about every five minutes */
#define WORLD_LOSSY_S HOURS(1) /* where calls fail at random */

/* Between a failure that passes and the next attempt, unless something new was heard meanwhile. */
struct world_pause {
    struct mono failed_at; /* MONO_NEVER: it did not, or not in passing */
    bool has_heard;        /* since the attempt began */
    bool is_output;
    unsigned failed; /* of an output: attempts of this cycle */
};

struct world_check {
    struct loop_timer patrol;

    /* In this cycle, in this minute of true time, at this moment. */
    unsigned failed_attempts;
    bool is_old_cycle; /* what runs began before the cluster's return */
    int64_t minute;
    unsigned begun[CALL_KINDS];
    struct world_pause pause, output_pauses[WORLD_OUTPUTS_MAX];
    struct mono failing_since; /* the first failed job since a success; MONO_NEVER: none */
    struct mono started_at;
    struct mono moment;
    unsigned steps_at_moment;
    uint64_t steps;

    struct mono
        could_since;  /* without a break, it could reach the cluster; MONO_NEVER: it cannot */
    bool was_refused; /* before that, the cluster had said no: looked at slowly */
    /* The cluster has counted a renewal, or a join with a token of single use, whose reply is lost; or
     * cannot tell whether it has. Nobody can do better. */
    bool has_lost_reply, has_lost_token;

    struct mono mistaken_since, unstored_since, untold_since; /* MONO_NEVER: not so */
    enum renewer_state truth;                                 /* that is not told */
    bool knows_clock;                                         /* the cluster's */
    struct mono clock_changed_at; /* what was asked before shows another */
    int64_t said_in;              /* a window of time, counted; what was said in it */
    unsigned n_said[RENEWER_STATE_COUNT];

    bool has_route;
    enum route route;        /* that worked last */
    struct mono hindered_at; /* the last moment nothing could be issued or stored for outputs */
    struct mono without_since;

    /* A return of the cluster that is watched. */
    struct mono back_at; /* MONO_NEVER: none */
    struct dur promised; /* from there to everything fresh */
    bool waits, output_waits[WORLD_OUTPUTS_MAX];
    uint64_t held_at_return, files_at_return[WORLD_OUTPUTS_MAX];
};

void world_check_init(struct world_agent *a);

/* After a step. */
void world_check_agent(struct world_agent *a);

/* A call, a job and an attempt begin or end. */
void world_check_call(struct world_agent *a, enum call_kind kind);
void world_check_dial(struct world_agent *a, enum route first);
void world_check_connected(struct world_agent *a, enum route route);
void world_check_job(struct world_agent *a, const struct renewer_event *outcome);

/* An attempt ended with `code`; begins; may begin at once, because something new was heard. */
void world_check_ended(struct world_agent *a, struct world_pause *p, enum err_code code);
void world_check_begins(struct world_agent *a, struct world_pause *p);
void world_check_heard(struct world_agent *a);

/* Part of world_check_agent(). */
void world_check_beliefs(struct world_agent *a);

/* A certificate that ends then is asked for; one came, asked for at `began`; what was known of the
 * cluster's clock is so no longer. */
void world_check_asks(struct world_agent *a, struct wall end);
void world_check_issued(struct world_agent *a, struct mono began);
void world_check_clock_changed(struct world_agent *a);

/* A person is told of a state. */
void world_check_says(struct world_agent *a, enum renewer_state state);

/* The renewer decided. */
void world_check_decision(struct world_agent *a, enum renewer_state before,
                          struct renewer_todo todo);

/* A process starts; a person asks for a renewal: what follows is not blamed on back-off. */
void world_check_start(struct world_agent *a);
void world_check_asked(struct world_agent *a);

/* The renewer is told of the cluster's return: a cycle of its own may begin. */
void world_check_contact(struct world_agent *a);

/* The cluster is back after an outage of `lasted`. */
void world_check_return(struct world_agent *a, struct dur lasted, bool was_silent);

void world_check_promise(struct world_agent *a);

/* A lock of the bot for an old generation: excused, or the end of the run. */
void world_check_lock(struct world *w, const struct world_request *r, bool is_race);

#endif
