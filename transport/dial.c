/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dial.h"

#include "base/strlist.h"
#include "transport/resolve.h"

#include <errno.h>
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
    TRY_CTX(ctx_wait_fd(ctx, fd, POLLOUT), "connect");
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
        TRY(wait_connected(fd, ctx));
    }
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

/* One dial. */
struct dial {
    const struct address *address;
    const struct dial_watch *watch; /* NULL: nobody */
    struct ctx ctx;
};

static void begin(const struct dial *d, enum dial_step step, const char *where)
{
    if (d->watch)
        d->watch->begin(d->watch->arg, step, where);
}

static void end(const struct dial *d, const struct dial_event *event)
{
    if (d->watch)
        d->watch->end(d->watch->arg, event);
}

static struct ctx within_limit(const struct dial *d, const struct ctx *ctx)
{
    return d->watch ? ctx_until(ctx, d->watch->limit) : *ctx;
}

/* --- resolve --- */

static void format_host(const struct addrinfo *to, char *out, size_t size)
{
    if (getnameinfo(to->ai_addr, to->ai_addrlen, out, (socklen_t)size, NULL, 0, NI_NUMERICHOST) !=
        0)
        snprintf(out, size, "?");
}

static RESULT list_hosts(const struct addrinfo *list, struct strlist *ret)
{
    char host[NI_MAXHOST];
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        format_host(to, host, sizeof(host));
        TRY(strlist_add(ret, host));
    }
    return NULL;
}

static void tell_found(const struct dial *d, const struct addrinfo *list)
{
    CLEANUP(strlist_release) struct strlist hosts = {0};
    if (!d->watch)
        return;
    err_ignore(list_hosts(list, &hosts), "who watches sees fewer of them");
    CLEANUP(freep) char *text = strlist_join(&hosts, ", ");
    end(d, &(struct dial_event){
               .step = DIAL_RESOLVE, .where = d->address->host, .found = text ? text : ""});
}

static RESULT find_addresses(const struct dial *d, struct addrinfo **ret)
{
    const struct ctx limited = within_limit(d, &d->ctx);
    begin(d, DIAL_RESOLVE, d->address->host);
    struct err *e = resolve(d->address, &limited, ret);
    if (e)
        end(d, &(struct dial_event){.step = DIAL_RESOLVE, .where = d->address->host, .err = e});
    else
        tell_found(d, *ret);
    return e;
}

/* --- TCP --- */

/* Half of what is left, or everything for the last one: the next address deserves a try too. */
static struct ctx share_of(const struct dial *d, const struct addrinfo *to)
{
    const struct ctx limited = within_limit(d, &d->ctx);
    if (!to->ai_next || d->ctx.deadline.ns == INT64_MAX)
        return limited;
    struct dur left = mono_diff(d->ctx.deadline, clock_mono(d->ctx.clock));
    return ctx_until(&limited, (struct dur){left.ns / 2});
}

static const char *advice(const struct err *e)
{
    if (err_errno(e) == ECONNREFUSED)
        return "Nothing listens there: check the port, and that the Teleport service runs.";
    if (err_code(e) == ERR_TIMEOUT)
        return "No answer: check the address, and firewalls on the way.";
    return "Check the address, and the network of this machine.";
}

static RESULT connect_to(const struct dial *d, const struct addrinfo *to, int *ret_fd)
{
    struct address one = {.port = d->address->port};
    char where[ADDRESS_TEXT_SIZE];
    const struct ctx share = share_of(d, to);
    format_host(to, one.host, sizeof(one.host));
    address_format(&one, where);
    begin(d, DIAL_CONNECT, where);
    struct err *e = connect_one(to, &share, ret_fd);
    if (e && err_code(e) != ERR_CANCELLED)
        e = err_set_hint(e, "%s", advice(e));
    end(d, &(struct dial_event){
               .step = DIAL_CONNECT, .where = where, .err = e, .goes_on = e && to->ai_next});
    return e;
}

static RESULT connect_any(const struct dial *d, int *ret_fd)
{
    CLEANUP(addrinfo_freep) struct addrinfo *list = NULL;
    char text[ADDRESS_TEXT_SIZE];
    struct err *last = NULL;
    TRY(find_addresses(d, &list));
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        err_ignore(last, "the next address is tried; the last one's error is told");
        last = connect_to(d, to, ret_fd);
        if (!last)
            return NULL;
        if (err_code(last) == ERR_CANCELLED)
            break;
    }
    return err_wrap(last, "dial '%s'", address_format(d->address, text));
}

RESULT dial_tcp(const struct address *a, const struct ctx *ctx, int *ret_fd)
{
    const struct dial d = {.address = a, .ctx = *ctx};
    return connect_any(&d, ret_fd);
}

/* --- TLS --- */

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

static RESULT shake_hands(const struct dial *d, int fd, const struct tls_client_config *config,
                          struct tls **ret)
{
    char where[ADDRESS_TEXT_SIZE];
    const struct ctx limited = within_limit(d, &d->ctx);
    address_format(d->address, where);
    begin(d, DIAL_HANDSHAKE, where);
    struct err *e = tls_connect(fd, config, &limited, ret);
    if (e)
        e = with_hint(e);
    end(d, &(struct dial_event){
               .step = DIAL_HANDSHAKE, .where = where, .err = e, .tls = e ? NULL : *ret});
    return e ? err_wrap(e, "TLS with '%s'", where) : NULL;
}

RESULT dial_tls_watched(const struct address *a, const struct tls_client_config *config,
                        const struct dial_watch *watch, const struct ctx *ctx, struct tls **ret)
{
    const struct dial d = {.address = a, .watch = watch, .ctx = ctx_until(ctx, dur_s(LIMIT_S))};
    int fd = -1;
    TRY(connect_any(&d, &fd));
    return shake_hands(&d, fd, config, ret);
}

RESULT dial_tls(const struct address *a, const struct tls_client_config *config,
                const struct ctx *ctx, struct tls **ret)
{
    return dial_tls_watched(a, config, NULL, ctx, ret);
}
