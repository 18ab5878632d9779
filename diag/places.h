/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PLACES_H
#define TBOT_DIAG_PLACES_H

/*
 * The places that connections of the diagnostics server have: how many, for how long, and who gives
 * way. Pure.
 *
 * Connections from the network can take all but those kept for Unix sockets. When there is none left,
 * the one that has waited longest for the client on the same listener gives way, then one on another
 * listener of the network; those in the middle of an answer come last. So whoever holds connections
 * open loses them to those who ask.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

#define PLACES_MAX 64
#define PLACES_LOCAL 8 /* of them kept for Unix sockets */

/* For a first request, and for reading an answer and sending the next request. */
#define PLACES_READ_LIMIT dur_s(10)
#define PLACES_IDLE_LIMIT dur_s(30)

enum place_state { PLACE_FREE, PLACE_WAITING /* for a request */, PLACE_ANSWERING };

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
    size_t body;               /* bytes of the request's so far */
    struct mono since;         /* when this state began */
    struct mono deadline;
};

struct places {
    struct place at[PLACES_MAX];
};

/* A new connection; NULL: there is no place for it, see places_victim(). */
struct place *places_take(struct places *p, unsigned listener, bool is_local, struct mono now);

/* Who is to give way to a new connection there. NULL: nobody may. */
struct place *places_victim(struct places *p, unsigned listener, bool is_local);

void place_begin_answer(struct place *at, struct mono now);
void place_end_answer(struct place *at, struct mono now);
void place_leave(struct place *at);

/* One whose time is over, or NULL. */
struct place *places_overdue(struct places *p, struct mono now);

/* When the first of them will be; MONO_NEVER: there is none. */
struct mono places_next_deadline(const struct places *p);

size_t places_count(const struct places *p, enum place_state state);

#endif
