/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_DIAG_WHERE_H
#define TBOT_CMD_DIAG_WHERE_H

/*
 * Where a running agent can be asked: which of its addresses the options, or its configuration, lead to.
 */

#include "cmd/diag_options.h"
#include "transport/address.h"

enum diag_where_kind {
    DIAG_WHERE_SOCKET, /* a Unix socket */
    DIAG_WHERE_PLAIN,
    DIAG_WHERE_TLS,
};

#define DIAG_WHERE_PATH_SIZE 108 /* what sockaddr_un has room for */

struct diag_where {
    enum diag_where_kind kind;
    char path[DIAG_WHERE_PATH_SIZE]; /* SOCKET */
    struct address address;          /* the others */
    char text[ADDRESS_TEXT_SIZE];    /* for messages: the path, or "HOST:PORT" */
};

/*
 * Pure. The forms of `--diag-addr`, which are those of `diag_addr` with host names too. An address that
 * stands for every one of a machine is asked as localhost. ERR_USAGE.
 */
RESULT diag_where_parse(const char *text, struct diag_where *ret);

/* A socket by its path. ERR_USAGE: it is too long. */
RESULT diag_where_at_path(const char *path, struct diag_where *ret);

/*
 * By the options: the address or the path that they name; else the socket of the storage that they,
 * or the configuration file, name; without any of these the default storage's, or the one of an
 * agent that stores in memory, whichever is there.
 *
 * ERR_USAGE, ERR_CONFIG: see above, and for a file that cannot be read. ERR_UNAVAILABLE: the agent of
 * that file has no address.
 */
RESULT diag_where_find(const struct diag_options *options, struct diag_where *ret);

/* Nothing says where: asking again may lead elsewhere, once an agent has started. */
bool diag_where_is_guess(const struct diag_options *options);

#endif
