/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_DIAL_H
#define TBOT_TRANSPORT_DIAL_H

/*
 * From an address to a TLS stream, within the deadline and until cancelled.
 *
 * Every address the name resolves to is tried in turn, the time that is left shared between them. A
 * dial takes half a minute at most, whatever the caller's own deadline: nobody is there, then.
 * An error names the address and the step; its hint says where to look. Codes are those of
 * base/tls.h, ERR_UNAVAILABLE for everything below TLS.
 */

#include "base/ctx.h"
#include "base/tls.h"
#include "transport/address.h"

/* A connected, non-blocking socket; a dead peer is noticed within about two minutes. */
RESULT dial_tcp(const struct address *a, const struct ctx *ctx, int *ret_fd);

RESULT dial_tls(const struct address *a, const struct tls_client_config *config,
                const struct ctx *ctx, struct tls **ret);

/* --- for who wants to see it --- */

enum dial_step {
    DIAL_RESOLVE,   /* the name, to addresses */
    DIAL_CONNECT,   /* TCP, to one of them */
    DIAL_HANDSHAKE, /* TLS */
};

/* How a step ended; valid during the call. */
struct dial_event {
    enum dial_step step;
    const char *where;     /* the host; "ADDRESS:PORT" of one address; "HOST:PORT" */
    const struct err *err; /* NULL: well */
    bool goes_on;          /* DIAL_CONNECT: in spite of `err`, with the next address */
    const char *found;     /* DIAL_RESOLVE that went well: "10.0.0.1, fd00::1" */
    const struct tls *tls; /* DIAL_HANDSHAKE that went well */
};

/* Called in the thread that dials, before and after each step. */
struct dial_watch {
    void (*begin)(void *arg, enum dial_step step, const char *where);
    void (*end)(void *arg, const struct dial_event *event);
    void *arg;
    struct dur limit; /* the most that one step may take */
};

/* dial_tls(), watched. `watch` may be NULL. */
RESULT dial_tls_watched(const struct address *a, const struct tls_client_config *config,
                        const struct dial_watch *watch, const struct ctx *ctx, struct tls **ret);

#endif
