/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_LISTENER_H
#define TBOT_DIAG_LISTENER_H

/*
 * A listening socket of the diagnostics server.
 *
 * A Unix socket has mode 0600 from its first moment, whatever the umask is. One that is in the way is
 * replaced only when it is a socket of our own user that nobody listens on; who finds that out holds
 * a lock on the directory, so two agents cannot both take over. On close it is removed if it is still
 * the one we made.
 *
 * A socket of systemd's is used as it is and left alone on close: systemd goes on to hold it.
 *
 * Threads: one at a time.
 */

#include "base/cleanup.h"
#include "diag/access.h"
#include "diag/address.h"

#include <sys/types.h>

struct diag_listener {
    int fd;                  /* non-blocking, close-on-exec; -1: closed */
    bool is_tls;             /* https:// */
    enum diag_origin origin; /* what every connection from here is to diag/access.h */
    char text[176];          /* as the configuration names it */
    char path[108];          /* the socket we made; "": none */
    dev_t dev;               /* of `path`, so that we know it again */
    ino_t ino;
};

/*
 * Opens it. ERR_BUSY: somebody else listens there. ERR_UNAVAILABLE: the machine does not have the address, or
 * not yet. ERR_CONFIG: a port we may not have, a name systemd did not give us. ERR_STORAGE: the Unix socket's
 * file cannot be made.
 */
RESULT diag_listener_open(const struct diag_address *a, struct diag_listener *ret);

/* Accepts one that is closed. */
void diag_listener_close(struct diag_listener *l);

/*
 * Which descriptor systemd passed under `name`, by the texts of LISTEN_PID, LISTEN_FDS and
 * LISTEN_FDNAMES (NULL: not set). Pure. ERR_CONFIG when there is none.
 */
RESULT diag_listener_passed(const char *name, const char *pid, const char *fds, const char *names,
                            pid_t self, int *ret);

#endif
