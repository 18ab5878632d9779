/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_NOTIFY_H
#define TBOT_AGENT_NOTIFY_H

/*
 * What the service manager (systemd) is told, and when: pure. agent/notify_service.h says it.
 *
 *     struct notify_todo todo = notify_look(&n, &view, now);
 *     // todo.say: one datagram, notify_text(); then notify_said() or notify_unsaid(), and look again
 *     // todo.wake: look again at the latest then
 *
 * READY comes as soon as every consumer can be served, fresh or stale. It also comes where that will take
 * an outage's end: a manager ends and restarts a unit that does not get ready, and neither helps. So what
 * goes on for ever is ready once something has failed, or after a minute of waiting for what hangs. A
 * first start that may still end, as `startup` says, is ready only when it serves, and asks for more time
 * while it tries; one pass is ready when all of it has been written.
 *
 * The sign of life for the manager's watchdog comes from a timer of the main loop, so a loop that stands
 * still gives none. It says nothing of the cluster: a restart would not bring that back.
 */

#include "diag/core/health.h"

#define NOTIFY_STATUS_SIZE 512

struct notify_config {
    bool one_pass;
    struct dur limit;    /* a first start, or one pass, retries that long: it may take as long */
    struct dur watchdog; /* a sign of life is due this often; 0: never */
};

struct notify_view {
    struct health_summary health;
    struct mono next_change; /* health_next_change() */
    bool goes_on; /* nothing that passes ends it: no first start any more, and not one pass */
    bool is_done; /* one pass: everything was written */
    bool is_reloading;
    bool is_stopping;
    char status[NOTIFY_STATUS_SIZE]; /* one sentence, see agent/notify_status.h */
};

/* In one datagram. STOPPING and RELOADING never stand beside READY: a manager would hear one only. */
enum {
    NOTIFY_READY = 1 << 0,
    NOTIFY_RELOADING = 1 << 1,
    NOTIFY_STOPPING = 1 << 2,
    NOTIFY_EXTEND = 1 << 3, /* the start, or the stop, takes longer */
    NOTIFY_STATUS = 1 << 4,
    NOTIFY_WATCHDOG = 1 << 5,
};

struct notify_todo {
    unsigned say;
    struct mono wake;
};

struct notify {
    struct notify_config config;
    struct mono began, next_extend, next_sign;
    struct mono not_before; /* nothing is said earlier: the manager did not listen */
    bool ready, reloading, stopping;
    char status[NOTIFY_STATUS_SIZE];
};

void notify_init(struct notify *n, const struct notify_config *config, struct mono now);

struct notify_todo notify_look(const struct notify *n, const struct notify_view *view,
                               struct mono now);

/* The datagram was sent. */
void notify_said(struct notify *n, unsigned said, const struct notify_view *view, struct mono now);

/* It was not, and is tried again in a while. */
void notify_unsaid(struct notify *n, struct mono now);

#define NOTIFY_TEXT_SIZE (NOTIFY_STATUS_SIZE + 128)

/* The lines of a datagram. `monotonic_us` is notify_socket_time(). Returns `out`. */
char *notify_text(unsigned say, const char *status, int64_t monotonic_us,
                  char out[NOTIFY_TEXT_SIZE]);

#endif
