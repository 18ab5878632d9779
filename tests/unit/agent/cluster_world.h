/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_AGENT_CLUSTER_WORLD_H
#define TBOT_TESTS_UNIT_AGENT_CLUSTER_WORLD_H

/*
 * A cluster object with a server on loopback that answers `Ping`, renewals and /webapi/find, and a
 * storage directory.
 *
 *     struct cluster_world *w = *state;    made by cluster_world_set_up()
 *     cluster_world_begin(w);              may be called again: the next process
 *     assert_ok(cluster_world_probe(w));
 */

#include "agent/cluster.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_log.h"

#include <stdatomic.h>

#define CLUSTER_WORLD_TOKEN "the-token"

struct cluster_world {
    struct host_ca ca;
    struct fake_cluster *fc;
    struct temp_dir dir;
    struct keypool *keys;
    struct config *config;
    struct credentials *creds;
    struct cluster_config cluster_config;
    struct cluster *cluster;
    struct buf certs;          /* what a renewal is answered with */
    _Atomic int64_t asked_end; /* of the last one, seconds since 1970 */
    atomic_int refusal;        /* a status that renewals are answered with; 0: none */
    atomic_int n_silent;       /* calls that are not answered, before the others are */
    char *proxy;               /* that `Ping` names; NULL: none */
    atomic_bool is_mute;       /* it does not describe itself */
    struct test_log log;
};

int cluster_world_set_up(void **state);
int cluster_world_tear_down(void **state);

void cluster_world_set_token(struct cluster_world *w, const char *token);

/* Makes the cluster from `config`, and shows it the bot's credentials. */
void cluster_world_begin(struct cluster_world *w);

struct ctx cluster_world_patience(void);

/* Checks whether the cluster is there, and stores what was learnt. */
RESULT cluster_world_probe(struct cluster_world *w);

/* Renews the credentials, and drops what comes. */
RESULT cluster_world_renew(struct cluster_world *w);

#define CLUSTER_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, cluster_world_set_up, cluster_world_tear_down)

#endif
