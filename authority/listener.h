/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_LISTENER_H
#define TBOT_AUTHORITY_LISTENER_H

/*
 * A listening TCP socket that can stop and start listening without giving its port away, so that an
 * outage looks as one ("connection refused") and ends on the same address.
 */

#include "base/err.h"

#include <sys/socket.h>

struct listener {
    int fd; /* -1: none. For poll(2); it never reports anything while paused */
    bool is_paused;
    char addr[64]; /* "127.0.0.1:3025": where it really is */
};
#define LISTENER_INIT ((struct listener){.fd = -1})

/* Port 0: any free one. */
RESULT listener_open(const struct sockaddr_storage *addr, struct listener *ret);
void listener_release(struct listener *l);

/* Nothing happens when it is that way already. */
RESULT listener_set_paused(struct listener *l, bool is_paused);

/* A connection, non-blocking; -1 when there is none after all. */
int listener_accept(const struct listener *l);

#endif
