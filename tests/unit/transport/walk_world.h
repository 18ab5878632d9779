/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_TRANSPORT_WALK_WORLD_H
#define TBOT_TESTS_UNIT_TRANSPORT_WALK_WORLD_H

/*
 * A server that a walk goes to, auth server and proxy in one, and what was told of each step.
 *
 *     struct walk_world *w = *state;       made by walk_world_set_up()
 *     walk_world_give_identity(w, &w->ca);
 *     walk_world_begin(w, PATH_AUTH);
 *     assert_true(walk_world_walk(w));
 *     walk_world_expect(w, WALK_PING, WALK_OK, "cluster 'example'");
 *
 * A program with it is linked with --wrap=getaddrinfo: names under .invalid do not exist, and nobody
 * is asked.
 */

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "transport/walk.h"

#include <stdio.h>

#define WALK_WORLD_EVENTS 32

struct walk_seen {
    enum walk_step step;
    enum walk_status status;
    enum err_code code;
    char where[256], text[1024], hint[512];
    struct wall shown;
};

struct walk_world {
    struct host_ca ca, foreign;
    struct fake_cluster_config server;
    struct fake_cluster *fc;
    struct fake_clock clock;
    struct temp_dir dir;
    const char *_Atomic version; /* read by the server's threads */
    const char *date;            /* header line, or "" */
    const char *find;            /* body; NULL: a 404 */
    const char *refusal;         /* text for every call of ours; NULL: none */
    int status;                  /* of it */

    struct walk_config config;
    struct walk_watch watch;
    struct strlist pins;
    struct walk_seen events[WALK_WORLD_EVENTS];
    size_t len, n_begun;
};

int walk_world_set_up(void **state);
int walk_world_tear_down(void **state);

/* An identity that trusts `ca`. */
void walk_world_give_identity(struct walk_world *w, const struct host_ca *ca);
void walk_world_give_pin(struct walk_world *w, const struct host_ca *ca);

/* Starts the server. */
void walk_world_begin(struct walk_world *w, enum path_kind kind);

/* Deadlines are real ones; what time it is, the test says. */
bool walk_world_walk(struct walk_world *w);

/* That a step ended so, with this in its text. */
const struct walk_seen *walk_world_expect(const struct walk_world *w, enum walk_step step,
                                          enum walk_status status, const char *part);
void walk_world_expect_all_ok(const struct walk_world *w);

/* The steps behind the one that failed. */
void walk_world_expect_rest_not_tried(const struct walk_world *w, enum walk_step failed);

/* Walks with an identity to a server of that kind; the step fails, and the rest is not tried. */
const struct walk_seen *walk_world_expect_end(struct walk_world *w, enum fake_kind kind,
                                              enum walk_step step, const char *part);

#define WALK_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, walk_world_set_up, walk_world_tear_down)

#endif
