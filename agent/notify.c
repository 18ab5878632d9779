/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Less than the 90 s a manager waits unless told otherwise. */
#define READY_AFTER_S 60

/* More time is asked for before what was granted is over, with room for a machine that is busy. */
#define EXTEND_BY_S 30
#define EXTEND_EVERY_S 10

/* The attempt that is under way when retrying ends may take this long still. */
#define LAST_ATTEMPT_S 90

/* As sd_watchdog_enabled(3) advises. */
#define SIGNS_PER_WATCHDOG 2

/* In time for a sign that was not taken, so that one datagram too many does not end us. */
#define RETRY_S 5
#define RETRIES_PER_WATCHDOG 8

void notify_init(struct notify *n, const struct notify_config *config, struct mono now)
{
    *n = (struct notify){.config = *config,
                         .began = now,
                         .next_extend = now,
                         .next_sign = config->watchdog.ns > 0 ? now : MONO_NEVER,
                         .not_before = now};
}

/* When an agent that serves nobody yet is ready all the same. */
static struct mono ready_at_last(const struct notify *n)
{
    return mono_add(n->began, dur_s(READY_AFTER_S));
}

static bool is_ready(const struct notify *n, const struct notify_view *v, struct mono now)
{
    if (n->config.one_pass)
        return v->is_done;
    bool is_trying_again = v->health.state == HEALTH_DEGRADED;
    return v->goes_on && !v->is_stopping &&
           (v->health.is_serving || is_trying_again || !mono_before(now, ready_at_last(n)));
}

/* A start takes as long as its retries may, and not for ever because something hangs. */
static struct mono extends_until(const struct notify *n)
{
    return mono_add(mono_add(n->began, n->config.limit), dur_s(LAST_ATTEMPT_S));
}

static unsigned phase(const struct notify *n, const struct notify_view *v, struct mono now)
{
    if (!n->ready && is_ready(n, v, now))
        return NOTIFY_READY;
    if (v->is_stopping)
        return n->stopping ? 0 : NOTIFY_STOPPING | NOTIFY_EXTEND;
    if (n->ready && v->is_reloading != n->reloading)
        return v->is_reloading ? NOTIFY_RELOADING : NOTIFY_READY;
    bool asks =
        !n->ready && !mono_before(now, n->next_extend) && mono_before(now, extends_until(n));
    return asks ? NOTIFY_EXTEND : 0;
}

static struct mono next_wake(const struct notify *n, const struct notify_view *v)
{
    struct mono wake = mono_min(n->next_sign, v->next_change);
    if (n->ready || v->is_stopping)
        return wake;
    if (mono_before(n->next_extend, extends_until(n)))
        wake = mono_min(wake, n->next_extend);
    return v->goes_on ? mono_min(wake, ready_at_last(n)) : wake;
}

struct notify_todo notify_look(const struct notify *n, const struct notify_view *v, struct mono now)
{
    if (mono_before(now, n->not_before))
        return (struct notify_todo){0, n->not_before};
    unsigned say = phase(n, v, now);
    if (strcmp(v->status, n->status) != 0)
        say |= NOTIFY_STATUS;
    if (!mono_before(now, n->next_sign))
        say |= NOTIFY_WATCHDOG;
    return (struct notify_todo){say, say ? now : next_wake(n, v)};
}

void notify_said(struct notify *n, unsigned said, const struct notify_view *v, struct mono now)
{
    if (said & NOTIFY_READY)
        n->ready = true;
    if (said & (NOTIFY_READY | NOTIFY_RELOADING))
        n->reloading = said & NOTIFY_RELOADING;
    if (said & NOTIFY_STOPPING)
        n->stopping = true;
    if (said & NOTIFY_EXTEND)
        n->next_extend = mono_add(now, dur_s(EXTEND_EVERY_S));
    if (said & NOTIFY_STATUS)
        memcpy(n->status, v->status, sizeof(n->status));
    if (said & NOTIFY_WATCHDOG)
        n->next_sign = mono_add(now, (struct dur){n->config.watchdog.ns / SIGNS_PER_WATCHDOG});
}

void notify_unsaid(struct notify *n, struct mono now)
{
    struct dur wait = dur_s(RETRY_S);
    int64_t most = n->config.watchdog.ns / RETRIES_PER_WATCHDOG;
    if (most > 0 && most < wait.ns)
        wait.ns = most;
    n->not_before = mono_add(now, wait);
}

static void add(char out[NOTIFY_TEXT_SIZE], const char *name, const char *value)
{
    size_t len = strlen(out);
    snprintf(out + len, NOTIFY_TEXT_SIZE - len, "%s=%s\n", name, value);
}

static void add_number(char out[NOTIFY_TEXT_SIZE], const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    add(out, name, text);
}

char *notify_text(unsigned say, const char *status, int64_t monotonic_us,
                  char out[NOTIFY_TEXT_SIZE])
{
    out[0] = '\0';
    if (say & NOTIFY_READY)
        add(out, "READY", "1");
    if (say & NOTIFY_RELOADING) {
        add(out, "RELOADING", "1");
        add_number(out, "MONOTONIC_USEC", monotonic_us);
    }
    if (say & NOTIFY_STOPPING)
        add(out, "STOPPING", "1");
    if (say & NOTIFY_EXTEND)
        add_number(out, "EXTEND_TIMEOUT_USEC", INT64_C(1000000) * EXTEND_BY_S);
    if (say & NOTIFY_STATUS)
        add(out, "STATUS", status);
    if (say & NOTIFY_WATCHDOG)
        add(out, "WATCHDOG", "1");
    return out;
}
