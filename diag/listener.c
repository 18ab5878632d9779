/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/listener.h"

#include "diag/listener_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* An address that is missing while a machine starts comes with its network: no mistake of a person's. */
static enum err_code code_of(int errnum)
{
    if (errnum == EADDRINUSE)
        return ERR_BUSY;
    return errnum == EADDRNOTAVAIL ? ERR_UNAVAILABLE : ERR_CONFIG;
}

static struct err *explain(const struct diag_address *a, const char *what, int errnum)
{
    enum err_code code = code_of(errnum);
    struct err *e = err_sys(code, errnum, "diagnostics address '%s': %s", a->text, what);
    switch (errnum) {
    case EADDRINUSE:
        return err_set_hint(e, "Another process listens there: choose another port, or stop it.");
    case EADDRNOTAVAIL:
        return err_set_hint(e, "Use an address of this machine, e.g. 127.0.0.1.");
    case EACCES:
        return err_set_hint(e, "Use a port above 1023, or give the agent CAP_NET_BIND_SERVICE.");
    default:
        return e;
    }
}

static struct err *listen_at(const struct diag_address *a, int *ret)
{
    const int on = 1;
    const int off = 0;
    CLEANUP(closep)
    int fd = socket(a->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return explain(a, "making a socket", errno);
    /* So that a restart need not wait for old connections. Not SO_REUSEPORT: with it another
     * process of our user could take every other probe. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return explain(a, "setting SO_REUSEADDR", errno);
    if (a->at.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->at.v6.sin6_addr) &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
        return explain(a, "taking IPv4 on it too", errno);
    if (bind(fd, &a->at.any, a->len) < 0)
        return explain(a, "binding it", errno);
    if (listen(fd, DIAG_BACKLOG) < 0)
        return explain(a, "listening", errno);
    *ret = TAKE_FD(fd);
    return NULL;
}

/* "Every address" on a machine without IPv6 is every one of IPv4. */
static bool lacks_ipv6(const struct diag_address *a, const struct err *e)
{
    return a->at.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->at.v6.sin6_addr) &&
           (err_errno(e) == EAFNOSUPPORT || err_errno(e) == EADDRNOTAVAIL);
}

static struct err *open_tcp(const struct diag_address *a, struct diag_listener *l)
{
    l->origin = diag_address_is_local(a) ? DIAG_FROM_LOOPBACK : DIAG_FROM_NETWORK;
    CLEANUP(err_freep) struct err *e = listen_at(a, &l->fd);
    if (!e || !lacks_ipv6(a, e))
        return TAKE(e);
    struct diag_address v4 = *a;
    v4.at.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = a->at.v6.sin6_port};
    v4.len = sizeof(v4.at.v4);
    return listen_at(&v4, &l->fd);
}

RESULT diag_listener_open(const struct diag_address *a, struct diag_listener *ret)
{
    struct diag_listener l = {.fd = -1};
    snprintf(l.text, sizeof(l.text), "%s%s", a->scheme == DIAG_SYSTEMD ? "systemd:" : "", a->text);
    switch (a->scheme) {
    case DIAG_HTTP:
    case DIAG_HTTPS:
        l.is_tls = a->scheme == DIAG_HTTPS;
        TRY(open_tcp(a, &l));
        break;
    case DIAG_UNIX:
        TRY(diag_listener_open_unix(a, &l));
        break;
    case DIAG_SYSTEMD:
        TRY(diag_listener_open_systemd(a, &l));
        break;
    }
    *ret = l;
    return NULL;
}

static bool is_still_ours(const struct diag_listener *l)
{
    struct stat st;
    return l->path[0] && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

void diag_listener_close(struct diag_listener *l)
{
    if (l->fd < 0)
        return;
    /* Removed while it is open: nobody can have taken it for a stale one yet. */
    if (is_still_ours(l))
        unlink(l->path);
    closep(&l->fd);
    l->fd = -1;
}
