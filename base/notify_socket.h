/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_NOTIFY_SOCKET_H
#define TBOT_BASE_NOTIFY_SOCKET_H

/*
 * The line to the service manager that started us: datagrams to the Unix socket in $NOTIFY_SOCKET, as
 * systemd's sd_notify(3) describes them. It is a protocol of a few words, so no library is needed for it.
 *
 *     CLEANUP(notify_socket_release) struct notify_socket manager = NOTIFY_SOCKET_NONE;
 *     e = notify_socket_take(&manager);                 before any thread exists
 *     TRY(notify_socket_send(&manager, "READY=1"));
 *
 * Threads: one at a time; notify_socket_take() while there is only one.
 */

#include "base/clock.h"

#include <sys/socket.h>
#include <sys/un.h>

struct notify_socket {
    int fd;              /* -1: nobody wants to be told */
    struct dur watchdog; /* it wants a sign of life this often, or we are ended; 0: it does not */
    struct sockaddr_un to;
    socklen_t len;
};

#define NOTIFY_SOCKET_NONE ((struct notify_socket){.fd = -1})

/*
 * Opens what the environment names, if it does, and takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
 * out of it: a program that we start must not speak for us. ERR_CONFIG: what is there cannot be used; *ret
 * is NOTIFY_SOCKET_NONE then.
 */
RESULT notify_socket_take(struct notify_socket *ret);

/* `address`: a path, or "@NAME" for the abstract namespace. ERR_CONFIG. */
RESULT notify_socket_open(const char *address, struct notify_socket *ret);

/* What WATCHDOG_USEC and WATCHDOG_PID (NULL: not there) ask of the process `self`; 0: nothing. */
struct dur notify_socket_watchdog(const char *usec, const char *pid, pid_t self);

void notify_socket_release(struct notify_socket *s);

/*
 * One datagram, "NAME=value" lines. Never waits. ERR_BUSY: the manager does not keep up; ERR_UNAVAILABLE:
 * it is not there. The same may be sent again later. Does nothing where nobody wants to be told.
 */
RESULT notify_socket_send(const struct notify_socket *s, const char *text);

/*
 * Now, by the clock the manager asks for in MONOTONIC_USEC, in microseconds. Not ours: it stands still
 * during suspend.
 */
int64_t notify_socket_time(void);

#endif
