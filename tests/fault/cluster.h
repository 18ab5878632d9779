/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAULT_CLUSTER_H
#define TBOT_TESTS_FAULT_CLUSTER_H

/*
 * A model of the cluster behind identity/remote.h, as strict as the real one: it commits the next
 * generation before it signs, and whoever presents an old one is locked for ever. Every moment of a
 * call is a point (POINT_REMOTE): the agent may die there, or the call fails as if the connection had
 * ended at that moment.
 */

#include "identity/remote.h"

/* What the cluster remembers. Lives in the notes of a walk: it outlives the agent. */
struct cluster {
    int64_t generation;
    bool is_locked;
    bool has_instances; /* as from Teleport 16.2 */
    unsigned away;      /* it cannot be reached for so many renewals */
    unsigned joins, requests;
    unsigned replies_lost; /* committed, and nobody got the reply */
};

struct cluster_remote {
    struct remote remote; /* hand out the address of this */
    struct cluster *cluster;
    const struct clock *clock;
};

void cluster_remote_make(struct cluster_remote *r, struct cluster *c, const struct clock *clock);

#endif
