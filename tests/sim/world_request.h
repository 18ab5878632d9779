/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_REQUEST_H
#define TBOT_TESTS_SIM_WORLD_REQUEST_H

/*
 * A request on its way to the cluster and its reply on the way back. It belongs to the world, not to
 * whoever made it: it may arrive after its sender gave up or died, and is served then, if it arrives
 * within WORLD_LINGER_S of that, for a server stops working for somebody who hung up. This is the one
 * thing a renewal that ended badly has to rely on, and why the renewer waits before it reads the
 * generation.
 */

#include "tests/sim/world_cluster.h"
#include "transport/route.h"

#define WORLD_LINGER_S 4

struct world_call;

struct world_request {
    struct world *world;
    struct world_request *next, **link;
    struct loop_timer timer;
    struct world_call *call;           /* who waits for the reply; NULL: nobody any more */
    struct mono sent_at, abandoned_at; /* MONO_NEVER: not */
    enum route route;

    enum call_kind kind;
    size_t bot;
    uint64_t process; /* who asks */
    struct world_identity shown;
    uint64_t key, token;
    struct wall expires; /* wanted, by the asker's calendar */

    /* The reply. A status of gRPC and its text; 0: well. */
    int status;
    const char *text;
    struct world_identity issued; /* RENEW, JOIN; of ISSUE the validity and the key */
    int64_t generation;           /* READ */
    struct wall date;
};

/* Sends what `c` asks for, on the connection it has. */
void world_request_send(struct world_call *c);

/* Those under way, at the end of the world. */
void world_request_release_all(struct world *w);

#endif
