/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http_plain.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* NULL: the call that failed with errno may be tried again, now or when `events` came. */
static RESULT wait_or_fail(const char *what, int fd, short events, const struct ctx *ctx)
{
    if (errno == EINTR)
        return ctx_check(ctx);
    if (errno == EAGAIN)
        return ctx_wait_fd(ctx, fd, events);
    return err_sys(ERR_UNAVAILABLE, errno, "%s", what);
}

static RESULT read_plain(void *arg, void *out, size_t len, const struct ctx *ctx, size_t *ret_n)
{
    int fd = *(const int *)arg;
    for (;;) {
        ssize_t n = recv(fd, out, len, 0);
        if (n >= 0) {
            *ret_n = (size_t)n;
            return NULL;
        }
        TRY(wait_or_fail("receive", fd, POLLIN, ctx));
    }
}

static RESULT write_plain(void *arg, const void *data, size_t len, const struct ctx *ctx)
{
    int fd = *(const int *)arg;
    const char *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0) {
            TRY(wait_or_fail("send", fd, POLLOUT, ctx));
            continue;
        }
        at += n;
        len -= (size_t)n;
    }
    return NULL;
}

struct http_stream http_plain_stream(int *fd)
{
    return (struct http_stream){.read = read_plain, .write = write_plain, .arg = fd};
}
