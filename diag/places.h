/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PLACES_H
#define TBOT_DIAG_PLACES_H

/*
 * The places that connections of the diagnostics server have: how many, for how long, and who gives
 * way. Pure.
 *
 * Connections from the network can take all but those kept for Unix sockets, and the other way round:
 * a socket of systemd's may be open to everybody on the machine. When there is none left,
 * the one that has waited longest for the client on the same listener gives way, then one on another
 * listener of the network; those in the middle of an answer come last. So whoever holds connections
 * open loses them to those who ask.
 *
 * A held one has asked for something that has not come about yet. It neither gives way nor runs out of
 * time; so there may be only a few of them, and it leaves when its client does.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

#define PLACES_MAX 64
#define PLACES_LOCAL 8 /* of them kept for Unix sockets */

/* Kept for the network: as many as may be held there, and some for probes. */
#define PLACES_REMOTE (PLACES_HELD_MAX + 8)

/* For a first request, and for reading an answer and sending the next request. */
#define PLACES_READ_LIMIT dur_s(10)
#define PLACES_IDLE_LIMIT dur_s(30)

/* Who is held waits for the agent, not we for him: so many, on the network and on Unix sockets each. */
#define PLACES_HELD_MAX 16

enum place_state {
    PLACE_FREE,
    PLACE_WAITING, /* for a request */
    PLACE_ANSWERING,
    PLACE_HELD, /* there is no answer yet */
};

struct diag_tls_conn;

struct place {
    enum place_state state;
    int fd; /* the HTTP server's; -1: it has none */
    unsigned listener;
    bool is_local;        /* on a Unix socket */
    bool is_peer_allowed; /* of its peer's user */
    bool is_tls;
    struct diag_tls_conn *tls; /* its TLS half, while there is one */
    const char *known_as;      /* what its certificate is known by; NULL: nobody we know */
    struct wall known_until;   /* the certificate's end */
    struct mono since;         /* when this state began */
    struct mono deadline;
    struct mono ask_at; /* HELD: when to ask again for an answer */
};

struct places {
    struct place at[PLACES_MAX];
};

/* A new connection; NULL: there is no place for it, see places_victim(). */
struct place *places_take(struct places *p, unsigned listener, bool is_local, struct mono now);

/* Who is to give way to a new connection there. NULL: nobody may. */
struct place *places_victim(struct places *p, unsigned listener, bool is_local);

/* There is room for one more that is held. */
bool places_may_hold(const struct places *p, bool is_local);

/* Not yet: whoever is held is asked about again at `ask_at`, or before. */
void place_hold(struct place *at, struct mono ask_at);

/* When the first of those held is to ask again; MONO_NEVER: nobody is held. */
struct mono places_next_ask(const struct places *p);

void place_begin_answer(struct place *at, struct mono now);
void place_end_answer(struct place *at, struct mono now);
void place_leave(struct place *at);

/* One whose time is over, or NULL. */
struct place *places_overdue(struct places *p, struct mono now);

/* When the first of them will be; MONO_NEVER: there is none. */
struct mono places_next_deadline(const struct places *p);

size_t places_count(const struct places *p, enum place_state state);

/* Those on one listener: how many there are, and how many of them are held. */
void places_count_on(const struct places *p, unsigned listener, size_t *ret_all, size_t *ret_held);

#endif
