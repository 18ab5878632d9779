/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_BASE_RELAY_WORLD_H
#define TBOT_TESTS_UNIT_BASE_RELAY_WORLD_H

/*
 * Two socket pairs with a relay between them: on the left a TLS peer, on the right a plain one. Both
 * are played by the test, in the relay's own thread: whenever the relay would sleep it is their turn,
 * so that nothing depends on which thread is faster. What fails here ends the test.
 *
 * Needs poll to be wrapped (-Wl,--wrap=poll).
 */

#include "base/relay.h"
#include "tests/unit/base/tls_fixture.h"

#define RELAY_WORLD_RECORD ((size_t)16 << 10)
#define RELAY_WORLD_BIG ((size_t)1 << 20) /* more than all the sockets on the way hold */

struct relay_world {
    struct identity identity;
    struct ctx ctx;
    struct err *refused; /* what the peer made of the handshake */
    struct tls *peer;    /* left */
    struct tls *tls;
    int plain; /* right; -1: closed */
    int fd;
    struct relay *relay;
    struct cancel *cancel;

    /* As relay_world_play() goes on: */
    void (*turn)(struct relay_world *w);
    unsigned n_turns;
    unsigned n_stuck; /* turns in a row that gave the relay nothing to do */
    uint8_t *sent, *got;
    size_t n_sent, n_got; /* by whichever side sends */
    uint64_t n_carried;   /* as a turn saw it before */
    bool has_left;        /* the peer */
};

int relay_world_set_up(void **state);
int relay_world_tear_down(void **state);

/* Relays while the two sides take their turns; fails when they never come to an end. */
enum relay_end relay_world_play(struct relay_world *w, void (*turn)(struct relay_world *w),
                                struct err **ret_err);

/* As much of what is left of RELAY_WORLD_BIG bytes as there is room for. */
void relay_world_plain_sends(struct relay_world *w);
void relay_world_peer_sends(struct relay_world *w);

/* At most `most` of the bytes still to come; 0 and TLS_CLOSED: the end of the stream. */
ssize_t relay_world_plain_reads(struct relay_world *w, size_t most);
enum tls_status relay_world_peer_reads(struct relay_world *w, size_t most);

/* Everything that has arrived. */
void relay_world_plain_reads_on(struct relay_world *w);
void relay_world_peer_reads_on(struct relay_world *w);

void relay_world_plain_closes(struct relay_world *w);

/* Without a goodbye: its socket is shut down under its stream. */
void relay_world_peer_vanishes(struct relay_world *w);

/* What was sent before the end, and nothing else, is read after it, and then the goodbye. */
void relay_world_assert_peer_got_all(struct relay_world *w);
void relay_world_assert_plain_got_all(struct relay_world *w);

#endif
