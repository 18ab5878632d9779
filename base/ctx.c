/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

/*
 * poll(2) does not count the time the machine is suspended, our deadlines do: it is left now and
 * then to look at the clock, so that a wait is late by this much at most after a resume.
 */
#define LONGEST_POLL_MS 5000

struct ctx ctx_until(const struct ctx *c, struct dur d)
{
    struct ctx tighter = *c;
    tighter.deadline = mono_min(c->deadline, mono_add(clock_mono(c->clock), d));
    return tighter;
}

static bool has_passed(const struct ctx *c, struct mono t)
{
    return !mono_before(clock_mono(c->clock), t);
}

RESULT ctx_check(const struct ctx *c)
{
    if (c->cancel && cancel_fired(c->cancel))
        return err_new(ERR_CANCELLED, "cancelled");
    if (has_passed(c, c->deadline))
        return err_new(ERR_TIMEOUT, "timed out");
    return NULL;
}

static int ms_until(const struct ctx *c, struct mono t)
{
    if (t.ns == INT64_MAX)
        return -1;
    int64_t ns = mono_diff(t, clock_mono(c->clock)).ns;
    if (ns <= 0)
        return 0;
    int64_t ms = ns / 1000000 + (ns % 1000000 > 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

int ctx_poll_ms(const struct ctx *c)
{
    return ms_until(c, c->deadline);
}

/* One poll of `fd` (-1: none) and the cancel token, not past `end`. True when `fd` is ready. */
static bool poll_once(const struct ctx *c, int fd, short events, struct mono end)
{
    struct pollfd fds[] = {
        {.fd = fd, .events = events},
        {.fd = c->cancel ? cancel_fd(c->cancel) : -1, .events = POLLIN},
    };
    int ms = ms_until(c, end);

    if (ms > LONGEST_POLL_MS)
        ms = LONGEST_POLL_MS;
    return poll(fds, 2, ms) > 0 && fds[0].revents != 0;
}

RESULT ctx_wait_fd(const struct ctx *c, int fd, short events)
{
    for (;;) {
        TRY(ctx_check(c));
        if (poll_once(c, fd, events, c->deadline))
            return NULL;
    }
}

RESULT ctx_sleep(const struct ctx *c, struct dur d)
{
    struct mono end = mono_add(clock_mono(c->clock), d);

    for (;;) {
        TRY(ctx_check(c));
        if (has_passed(c, end))
            return NULL;
        poll_once(c, -1, 0, mono_min(end, c->deadline));
    }
}
