/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_HEALTH_H
#define TBOT_DIAG_CORE_HEALTH_H

/*
 * How every service stands, and the agent as a whole: what /readyz, /servez, `tbot status` and the
 * metrics tell. Pure bookkeeping: services report what their real operations did.
 *
 *     TRY(health_add(h, "identity", HEALTH_SERVICE, &s));      before anything runs
 *     health_failed(s, "renew", err, now);
 *     health_succeeded(s, "renew", now);
 *     health_serves(s, not_after);
 *     health_overall(h, now)
 *
 * The states and their numbers are Teleport's (`process_state`):
 *
 *     STARTING ── success ─► OK
 *     any ── failure ─► DEGRADED ── success ─► RECOVERING ── proof ─► OK
 *
 * The proof is 10 s without a failure; for a periodic check, which might look away for long, it is a
 * second success in a row at least 10 s after the first. A success clears only a failure of the same
 * operation, so that one that never talked to the cluster cannot hide one that could not. Overall: any
 * degraded, else any recovering, else all OK, else starting. A service that never reports stays
 * visible as starting.
 *
 * Two questions, two answers: a state says whether the agent is in touch and up to date, `serving`
 * whether every consumer can be given valid credentials now. A stale credential serves until it ends.
 *
 * Threads: the loop's only.
 */

#include "base/cleanup.h"
#include "base/clock.h"

enum health_state {
    HEALTH_OK = 0,
    HEALTH_RECOVERING = 1,
    HEALTH_DEGRADED = 2,
    HEALTH_STARTING = 3,
    HEALTH_STOPPING = 4, /* overall only; terminal */
};

/* "ok", "recovering", "degraded", "starting", "stopping". */
const char *health_state_name(enum health_state s);

enum health_kind {
    HEALTH_SERVICE,  /* works on its own schedule, and has credentials to serve */
    HEALTH_PERIODIC, /* a check that comes again and again; serves nothing */
};

struct health;
struct health_service;

RESULT health_new(struct health **ret);
void health_free(struct health *h); /* accepts NULL; frees the services too */
DEFINE_FREEP(health)

/* `name` is copied and must be new: ERR_BUG. The service lives until removed. */
RESULT health_add(struct health *h, const char *name, enum health_kind kind, struct now now,
                  struct health_service **ret);

/* `fn` is called after every report of a service, and when the agent stops. It must not report itself. */
void health_watch(struct health *h, void (*fn)(void *arg), void *arg);

/* The server does not know what this service is for, or a reload took it away. */
void health_remove(struct health *h, struct health_service *s);

/* The agent stops: overall STOPPING from here on. */
void health_stop(struct health *h, struct now now);

/*
 * Reports. `s` may be NULL: nobody keeps account. `operation` is a static text; a service has at most
 * four. `why` is borrowed, its text is copied.
 */
void health_succeeded(struct health_service *s, const char *operation, struct now now);
void health_failed(struct health_service *s, const char *operation, const struct err *why,
                   struct now now);

/* When the service will try again; WALL_NONE: not planned. */
void health_plan(struct health_service *s, struct wall next);

/* What it has to serve is valid until then. WALL_NONE: nothing (yet). */
void health_serves(struct health_service *s, struct wall until);

/* What a service is like at one moment. Texts are borrowed until its next report. */
struct health_view {
    const char *name;
    enum health_kind kind;
    enum health_state state;
    struct wall since;        /* when this state began */
    struct wall updated_at;   /* of the last report; WALL_NONE: none yet */
    struct wall last_success; /* WALL_NONE: none yet */
    struct wall next_attempt; /* WALL_NONE: not planned */
    struct wall serves_until; /* WALL_NONE: serves nothing */
    bool is_serving;          /* also true for a check, which nobody waits for */
    unsigned failures;        /* in a row, of the failing operation */
    const char *operation;    /* not OK: the one that says so; NULL: none has reported */
    enum err_code code;       /* of its failure */
    const char *reason;       /* NULL: none */
    const char *hint;         /* NULL: none */
};

struct health_view health_view(const struct health_service *s, struct now now);

/* The services in the order in which they were added. */
size_t health_count(const struct health *h);
const struct health_service *health_at(const struct health *h, size_t i);
const struct health_service *health_find(const struct health *h, const char *name); /* or NULL */

struct health_summary {
    enum health_state state;
    struct wall since; /* the latest change of any service */
    bool is_serving;
    struct wall first_expiry; /* of all that serve; WALL_NEVER: nothing expires */
    bool has_reported;        /* each service has, at least once */
};

struct health_summary health_overall(const struct health *h, struct now now);

/* The first service that the overall state is taken from. false: there is none, or the agent stops. */
bool health_culprit(const struct health *h, struct now now, struct health_view *ret);

/* A recovering service is OK by time alone then, or something expires: when to look again. */
struct mono health_next_change(const struct health *h, struct now now);

#endif
