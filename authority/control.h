/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CONTROL_H
#define TBOT_AUTHORITY_CONTROL_H

/*
 * Commands to a running authority: one line in, some lines out, the last of them "ok" or
 * "error: …". options_help() lists them.
 */

#include "authority/authority.h"
#include "authority/conns.h"

#define CONTROL_MAX_LINE ((size_t)4096)
#define CONTROL_MAX_REPLY ((size_t)4 << 20)

/* What a command may do to the server around the authority. */
struct control_config {
    struct authority *authority;
    const struct clock *clock;
    struct cancel *stop;
    /* Makes the ports as authority_is_down() says; returns when that is so. */
    RESULT (*apply_outage)(void *arg);
    void (*drop)(void *arg);
    void (*end)(void *arg);
    void *arg;
};

/* Runs one command; what it prints is added to `out`. ERR_USAGE for what is no command. */
RESULT control_run(const struct control_config *c, const char *line, struct buf *out);

/* Serves one connection of the socket: for conns_start(); `arg` is a struct control_config. */
void control_serve(struct conn *conn, int fd, void *arg);

/* Listens on a Unix socket of mode 0600; takes the place of one nobody listens on. */
RESULT control_listen(const char *path, int *ret_fd);

/* The client: sends the words as one command and prints the answer. ERR_REJECTED: "error: …". */
RESULT control_send(const char *path, char *const *words, int n_words);

#endif
