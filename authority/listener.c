/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/listener.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

#define BACKLOG 128

static void format_addr(const struct sockaddr_storage *addr, char *out, size_t size)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
    char host[INET6_ADDRSTRLEN] = "?";
    if (addr->ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(out, size, "%s:%u", host, ntohs(v4->sin_port));
    } else {
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(out, size, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
}

static socklen_t addr_len(const struct sockaddr_storage *addr)
{
    return addr->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* A socket bound to `addr`, which then holds the port it got. -1 and errno on failure. */
static int make_bound(struct sockaddr_storage *addr)
{
    int on = 1;
    socklen_t len = sizeof(*addr);
    CLEANUP(closep)
    int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)addr, addr_len(addr)) < 0 ||
        getsockname(fd, (struct sockaddr *)addr, &len) < 0)
        return -1;
    return TAKE_FD(fd);
}

RESULT listener_open(const struct sockaddr_storage *addr, struct listener *ret)
{
    struct sockaddr_storage bound = *addr;
    struct listener l = LISTENER_INIT;
    /*
     * Bound twice: a port the kernel chose is given back when listening stops, one that was named is
     * kept. The first socket holds the port until the second has named it.
     */
    CLEANUP(closep) int chosen = make_bound(&bound);
    CLEANUP(closep) int fd = chosen < 0 ? -1 : make_bound(&bound);
    if (fd < 0 || listen(fd, BACKLOG) < 0) {
        int failure = errno;
        format_addr(addr, l.addr, sizeof(l.addr));
        return err_sys(ERR_UNAVAILABLE, failure, "listening on '%s'", l.addr);
    }
    format_addr(&bound, l.addr, sizeof(l.addr));
    l.fd = TAKE_FD(fd);
    *ret = l;
    return NULL;
}

void listener_release(struct listener *l)
{
    closep(&l->fd);
    *l = LISTENER_INIT;
}

/*
 * shutdown(2) on a listening socket is Linux's way to stop listening and stay bound: connections are
 * refused, those that wait are reset, listen(2) begins anew.
 */
RESULT listener_set_paused(struct listener *l, bool is_paused)
{
    if (l->fd < 0 || l->is_paused == is_paused)
        return NULL;
    if ((is_paused ? shutdown(l->fd, SHUT_RD) : listen(l->fd, BACKLOG)) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "%s '%s'", is_paused ? "pausing" : "resuming",
                       l->addr);
    l->is_paused = is_paused;
    return NULL;
}

int listener_accept(const struct listener *l)
{
    int on = 1;
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}
