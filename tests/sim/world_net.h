/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_NET_H
#define TBOT_TESTS_SIM_WORLD_NET_H

/*
 * The way to the cluster. It is up, refuses (the cluster is stopped: connections break, a dial is
 * answered by "refused"), or is silent (packets vanish). Silence is as TCP has it: a dial repeats its
 * SYN after 1, 3, 7, 15, 31 s; what was sent on a live connection is repeated at the same distances,
 * comes through late if the silence ends first, and breaks the connection after 100 s
 * (TCP_USER_TIMEOUT of transport/dial.c).
 *
 * An agent has one connection, made with one certificate: another identity needs another one.
 */

#include "base/clock.h"
#include "transport/path.h"

#include <stdint.h>

struct world;
struct world_agent;

enum world_way {
    WAY_OPEN,
    WAY_REFUSES,
    WAY_SILENT,
};

/* How often a call goes wrong, in percent, whatever else happens. */
struct world_weather {
    unsigned request_lost, reply_lost;
    unsigned refused_at_cost; /* a renewal fails, and has cost a generation */
    unsigned busy;            /* "try again", at no cost */
    unsigned twice;           /* a reading call reaches the cluster twice */
    unsigned slow;            /* takes up to `slow_s` to be answered */
    int64_t slow_s;
    int64_t late_s; /* a renewal is counted, at most so long after it was sent */
    int64_t lag_s; /* of the read of a generation, at most: another server of the cluster answers */
};

struct world_net {
    enum world_way way;
    enum world_way routes[PATH_MAX_ROUTES]; /* by enum route: one way may be shut alone */
    struct mono since;                      /* when `way` became what it is */
    struct mono down_since;                 /* the last outage's beginning */
};

struct world_conn {
    bool is_up;
    uint64_t shows; /* the certificate it was made with */
    enum route route;
    struct mono unanswered_since; /* silence: the first packet nobody confirmed; MONO_NEVER */
};

void world_net_init(struct world *w);

/* Changes the way for everybody. WAY_REFUSES breaks every connection. */
void world_net_set(struct world *w, enum world_way way);

/* Breaks every connection. */
void world_net_cut(struct world *w);

/* What a packet on this way meets now. */
enum world_way world_net_meets(const struct world *w, enum route route);

/* One way of a packet, 1 to 30 ms. */
struct dur world_net_delay(struct world *w);

/* When something first sent at `first` is sent again, after now. */
struct mono world_net_again(const struct world *w, struct mono first);

/* The end of an agent's connection: calls on it fail. */
void world_net_break(struct world_agent *a);

#endif
