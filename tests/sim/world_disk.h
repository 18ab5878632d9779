/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_DISK_H
#define TBOT_TESTS_SIM_WORLD_DISK_H

/*
 * What survives the end of a process: the stored identity with its journal, as identity/store.h has
 * them, and the files of the outputs. Writing is all or nothing here; that it is so on a real disk is
 * what tests/fault shows.
 */

#include "tests/sim/world_cluster.h"
#include "transport/route.h"

#define WORLD_OUTPUTS_MAX 3

/* What an output's directory holds. */
struct world_files {
    struct validity validity;
    struct mono issued_at;
    uint64_t key, cert_key; /* 0: nothing yet */
};

struct world_disk {
    bool is_full;
    struct world_identity identity; /* serial 0: none */
    bool is_open;                   /* the journal of a request without a reply */
    bool is_reserved;               /* space for the reply of the open renewal */
    uint64_t proven_token;          /* with which the settings have worked; 0: they have not */
    bool has_route;                 /* path.json */
    enum route route;
    struct world_files files[WORLD_OUTPUTS_MAX];
};

RESULT world_disk_check_room(const struct world_disk *d);
RESULT world_disk_begin_renewal(struct world_disk *d);
RESULT world_disk_commit(struct world_disk *d, const struct world_identity *identity);
void world_disk_abort_renewal(struct world_disk *d);
/* path.json: this way led to the cluster, with this token configured. */
void world_disk_learn(struct world_disk *d, enum route route, uint64_t token);

/* It did so before. */
bool world_disk_is_proven(const struct world_disk *d, uint64_t token);

RESULT world_disk_publish(struct world_disk *d, size_t output, const struct world_files *files);

#endif
