/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_DIAG_SERVER_WORLD_H
#define TBOT_TESTS_DIAG_SERVER_WORLD_H

/*
 * A diagnostics server on a loop that the test turns, with a clock that the test moves, and clients on
 * real sockets.
 *
 *     struct server_world *w = *state;
 *     int fd = world_connect(w, 0);
 *     world_send(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
 *     world_read(w, fd, reply);
 */

#include "diag/server.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

#include <string.h>

#define REPLY_SIZE 65536

struct server_world {
    struct fake_clock time;
    struct loop *loop;
    struct health *health;
    struct health_service *identity;
    struct metrics *metrics;
    struct diag_control control;   /* for the next world_listen() */
    struct diag_reporter reporter; /* the same */
    struct log *log;               /* the same; NULL */
    struct temp_dir dir;
    struct diag_address addresses[2]; /* 0: TCP, 1: Unix */
    struct diag_server *server;
    const char *token_file; /* for world_listen(); NULL: none */
    const struct diag_tls_config *tls;
    bool is_debug; /* the same: --debug */
};

/* Setup and teardown of a test: a server on 127.0.0.1 and on a Unix socket. */
int world_setup(void **state);
int world_teardown(void **state);

/* Puts another server in the place of the first. */
void world_listen(struct server_world *w, const char *tcp);

/* A client of the n-th address, non-blocking. */
int world_connect(struct server_world *w, size_t n);

void world_send(int fd, const char *text);

/* Turns the loop until it has nothing to do. */
void world_settle(struct server_world *w);

/*
 * Everything that comes until the connection ends or is quiet; true when it ended. Of more than there
 * is room for, the last part.
 */
bool world_read(struct server_world *w, int fd, char reply[REPLY_SIZE]);

/* A whole request on a new connection, ended after it; its whole reply. */
const char *world_ask(struct server_world *w, size_t n, const char *method, const char *path,
                      const char *body);

/* GET of `path` on a new connection, ended after it; its whole reply. */
const char *world_get(struct server_world *w, size_t n, const char *path);

/* The same with a header more, e.g. "X: y\r\n". */
const char *world_get_with(struct server_world *w, size_t n, const char *path, const char *header);

/* For replies: begins(reply, "HTTP/1.1 200 "). */
static inline bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

#endif
