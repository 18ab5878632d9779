/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

/* The kernel's own probes, so that an idle connection that died is seen without HTTP/2 pings. */
#define KEEPALIVE_IDLE_S 45
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_COUNT 4
#define UNACKED_MS 100000

#define LIMIT_S 30 /* for a whole dial */

static void addrinfo_freep(struct addrinfo **p)
{
    if (*p)
        freeaddrinfo(*p);
}

static RESULT resolve_error(const struct address *a, int code)
{
    if (code == EAI_MEMORY)
        return err_nomem();
    bool is_unknown = code == EAI_NONAME || code == EAI_NODATA;
    struct err *e = err_new(is_unknown ? ERR_NOT_FOUND : ERR_UNAVAILABLE, "resolve '%s': %s",
                            a->host, code == EAI_SYSTEM ? "system error" : gai_strerror(code));
    return err_set_hint(e, "%s",
                        is_unknown ? "Check the host name in the address."
                                   : "Check the name servers of this machine.");
}

static RESULT resolve(const struct address *a, struct addrinfo **ret)
{
    char port[sizeof("65535")];
    snprintf(port, sizeof(port), "%u", (unsigned)a->port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | (address_is_ip(a) ? AI_NUMERICHOST : 0),
    };
    int code = getaddrinfo(a->host, port, &hints, ret);
    return code == 0 ? NULL : resolve_error(a, code);
}

/* Failing to set one of these costs speed or a late alarm, never correctness: not an error. */
static void tune(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

static RESULT wait_connected(int fd, const struct ctx *ctx)
{
    TRY(ctx_wait_fd(ctx, fd, POLLOUT));
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    return error ? err_sys(ERR_UNAVAILABLE, error, "connect") : NULL;
}

static RESULT connect_one(const struct addrinfo *to, const struct ctx *ctx, int *ret_fd)
{
    CLEANUP(closep)
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "socket");
    tune(fd);
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        if (errno != EINPROGRESS)
            return err_sys(ERR_UNAVAILABLE, errno, "connect");
        TRY_CTX(wait_connected(fd, ctx), "connect");
    }
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

/* Half of what is left, or everything for the last one: the next address deserves a try too. */
static struct ctx share_of(const struct ctx *ctx, const struct addrinfo *to)
{
    if (!to->ai_next || ctx->deadline.ns == INT64_MAX)
        return *ctx;
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    return ctx_until(ctx, (struct dur){left.ns / 2});
}

static const char *advice(const struct err *e)
{
    if (err_errno(e) == ECONNREFUSED)
        return "Nothing listens there: check the port, and that the Teleport service runs.";
    if (err_code(e) == ERR_TIMEOUT)
        return "No answer: check the address, and firewalls on the way.";
    return "Check the address, and the network of this machine.";
}

static RESULT explain(struct err *e, const struct address *a)
{
    char text[ADDRESS_TEXT_SIZE];
    if (err_code(e) != ERR_CANCELLED)
        e = err_set_hint(e, "%s", advice(e));
    return err_wrap(e, "dial '%s'", address_format(a, text));
}

RESULT dial_tcp(const struct address *a, const struct ctx *ctx, int *ret_fd)
{
    CLEANUP(addrinfo_freep) struct addrinfo *list = NULL;
    TRY(ctx_check(ctx));
    TRY(resolve(a, &list));
    struct err *last = err_new(ERR_NOT_FOUND, "resolve '%s': no address", a->host);
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        struct ctx share = share_of(ctx, to);
        err_ignore(last, "the next address is tried; the last one's error is told");
        last = connect_one(to, &share, ret_fd);
        if (!last)
            return NULL;
        if (err_code(last) == ERR_CANCELLED)
            break;
    }
    return explain(last, a);
}

static struct err *with_hint(struct err *e)
{
    if (err_hint(e))
        return e;
    switch (err_code(e)) {
    case ERR_UNTRUSTED:
        return err_set_hint(e, "Check that the address belongs to the cluster; if its CA was "
                               "replaced, set 'ca_pins' or 'ca_path' to the new one.");
    case ERR_PROTOCOL:
        return err_set_hint(e,
                            "Check that the port is Teleport's, and not that of another service.");
    case ERR_EXPIRED:
        return err_set_hint(e, "Check this machine's clock; an identity past its end needs a new "
                               "join token.");
    case ERR_TIMEOUT:
        return err_set_hint(e,
                            "Something listens there but does not answer: check the address, and "
                            "what is between.");
    default:
        return e;
    }
}

RESULT dial_tls(const struct address *a, const struct tls_client_config *config,
                const struct ctx *ctx, struct tls **ret)
{
    char text[ADDRESS_TEXT_SIZE];
    int fd = -1;
    const struct ctx limited = ctx_until(ctx, dur_s(LIMIT_S));
    TRY(dial_tcp(a, &limited, &fd));
    struct err *e = tls_connect(fd, config, &limited, ret);
    return e ? err_wrap(with_hint(e), "TLS with '%s'", address_format(a, text)) : NULL;
}
