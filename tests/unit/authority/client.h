/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_AUTHORITY_CLIENT_H
#define TBOT_TESTS_AUTHORITY_CLIENT_H

/*
 * A bare gRPC client for the tests of the authority: one connection over a socket pair, without TLS.
 * What cannot work in a test that is right fails it.
 */

#include "authority/calls.h"

struct client;

/* Connects to a server made for `config`. */
struct client *client_new(const struct calls_config *config);
void client_free(struct client *c);
static inline void client_freep(struct client **c)
{
    client_free(*c);
}

struct client_reply {
    int status;       /* gRPC's; -1: no answer in time */
    char text[512];   /* of the status */
    char version[64]; /* the header "version", "" when there was none */
    struct buf body;  /* the last message */
};
void client_reply_release(struct client_reply *r);

/* Breaks the connection; from any thread. */
void client_cut(struct client *c);

/* One call with one message; `version` NULL sends no such header. Waits for at most `ms`. */
struct client_reply client_call(struct client *c, const char *method, const char *version,
                                struct bytes request, int ms);

/* A stream: each message is answered by one before the next is sent; then the status. */
struct client_reply client_stream(struct client *c, const char *method,
                                  const struct bytes *requests, size_t n);

#endif
