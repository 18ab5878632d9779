/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/listener_internal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START: part of the protocol */

static struct err *refuse(const char *name, const char *why)
{
    return err_set_hint(
        err_new(ERR_CONFIG, "diagnostics address 'systemd:%s': %s", name, why),
        "Start the agent by a .socket unit with ListenStream= and FileDescriptorName=%s.", name);
}

RESULT diag_listener_passed(const char *name, const char *pid, const char *fds, const char *names,
                            pid_t self, int *ret)
{
    int64_t for_pid, n;
    /* For another process: ours inherited the environment, but not the sockets. */
    if (!text_number(pid, &for_pid) || for_pid != self)
        return refuse(name, "systemd passed no socket to this process");
    if (!text_number(fds, &n) || n > INT16_MAX || !names)
        return refuse(name, "systemd passed sockets without names");
    for (int i = 0; i < n; i++) {
        size_t len = strcspn(names, ":");
        if (len == strlen(name) && memcmp(names, name, len) == 0) {
            *ret = FIRST_FD + i;
            return NULL;
        }
        names += len + (names[len] == ':');
    }
    return refuse(name, "systemd passed no socket of that name");
}

/* By the address a socket is bound to, as for those we open. */
static struct err *find_origin(int fd, const char *name, enum diag_origin *ret)
{
    struct diag_address a = {.scheme = DIAG_HTTP, .len = sizeof(a.at)};
    int listens = 0;
    socklen_t len = sizeof(listens);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
        getsockname(fd, &a.at.any, &a.len) < 0)
        return refuse(name, "what systemd passed does not listen");
    switch (a.at.any.sa_family) {
    case AF_UNIX:
        *ret = DIAG_FROM_SOCKET;
        return NULL;
    case AF_INET:
    case AF_INET6:
        *ret = diag_address_is_local(&a) ? DIAG_FROM_LOOPBACK : DIAG_FROM_NETWORK;
        return NULL;
    default:
        return refuse(name, "what systemd passed is neither TCP nor a Unix socket");
    }
}

RESULT diag_listener_open_systemd(const struct diag_address *a, struct diag_listener *l)
{
    int passed = -1;
    TRY(diag_listener_passed(a->text, getenv("LISTEN_PID"), getenv("LISTEN_FDS"),
                             getenv("LISTEN_FDNAMES"), getpid(), &passed));
    TRY(find_origin(passed, a->text, &l->origin));
    /* A copy, so that a later server finds it again; the programs we start get neither. */
    CLEANUP(closep) int fd = fcntl(passed, F_DUPFD_CLOEXEC, FIRST_FD);
    if (fd < 0 || fcntl(passed, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        return err_sys(ERR_CONFIG, errno, "diagnostics address 'systemd:%s'", a->text);
    l->fd = TAKE_FD(fd);
    return NULL;
}
