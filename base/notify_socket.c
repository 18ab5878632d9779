/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify_socket.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct err *refuse(const char *address, const char *why)
{
    return err_set_hint(err_new(ERR_CONFIG, "NOTIFY_SOCKET '%s': %s", address, why),
                        "The service manager is told nothing then: a unit of Type=notify would "
                        "wait for it in vain.");
}

/* An abstract name begins with a NUL byte and ends where the length says, a path with a NUL byte. */
static struct err *set_address(const char *address, struct notify_socket *s)
{
    size_t len = strlen(address);
    bool is_abstract = address[0] == '@';
    if (!is_abstract && address[0] != '/')
        return refuse(address, "neither an absolute path nor '@' and a name");
    if (len < 2)
        return refuse(address, "has no name");
    if (len > sizeof(s->to.sun_path) - !is_abstract)
        return refuse(address, "too long for a Unix socket");
    s->to.sun_family = AF_UNIX;
    memcpy(s->to.sun_path, address, len);
    if (is_abstract)
        s->to.sun_path[0] = '\0';
    s->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !is_abstract);
    return NULL;
}

RESULT notify_socket_open(const char *address, struct notify_socket *ret)
{
    struct notify_socket s = NOTIFY_SOCKET_NONE;
    TRY(set_address(address, &s));
    s.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s.fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "making a socket to the service manager");
    *ret = s;
    return NULL;
}

struct dur notify_socket_watchdog(const char *usec, const char *pid, pid_t self)
{
    int64_t us, for_pid;
    bool is_ours = !pid || (text_number(pid, &for_pid) && for_pid == self);
    if (!is_ours || !text_number(usec, &us) || us > INT64_MAX / 1000)
        return (struct dur){0};
    return (struct dur){us * 1000};
}

RESULT notify_socket_take(struct notify_socket *ret)
{
    const char *address = getenv("NOTIFY_SOCKET");
    struct dur watchdog =
        notify_socket_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), getpid());
    *ret = NOTIFY_SOCKET_NONE;
    struct err *e = address && *address ? notify_socket_open(address, ret) : NULL;
    if (ret->fd >= 0)
        ret->watchdog = watchdog;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return e;
}

void notify_socket_release(struct notify_socket *s)
{
    closep(&s->fd);
    *s = NOTIFY_SOCKET_NONE;
}

/* Addressed anew each time: a manager that was replaced listens on another socket of the same name. */
RESULT notify_socket_send(const struct notify_socket *s, const char *text)
{
    if (s->fd < 0)
        return NULL;
    ssize_t n;
    do {
        n = sendto(s->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                   (const struct sockaddr *)&s->to, s->len);
    } while (n < 0 && errno == EINTR);
    if (n >= 0)
        return NULL;
    bool is_full = errno == EAGAIN || errno == ENOBUFS;
    return err_sys(is_full ? ERR_BUSY : ERR_UNAVAILABLE, errno, "telling the service manager");
}

int64_t notify_socket_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
