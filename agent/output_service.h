/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_SERVICE_H
#define TBOT_AGENT_OUTPUT_SERVICE_H

/*
 * Keeps one output fresh, on its own schedule: the timing is agent/cycle.h's, the work
 * agent/output_job.h's, on a worker shared with the other outputs. A failure here touches nobody
 * else, and leaves the files in place.
 *
 * While it is held it begins nothing: the cluster is known to be away. The files in place serve until
 * their certificates end; what serves, and until when, is in the log whenever a renewal is missed.
 *
 * A reload of the configuration takes one away with output_service_retire(): what it does is cancelled, and
 * when it is not busy any more it can be freed. Its files stay, and one that comes after it may inherit them.
 *
 * Threads: everything on the loop's thread.
 */

#include "agent/cycle.h"
#include "agent/hooks.h"
#include "agent/output_job.h"
#include "base/loop.h"
#include "base/pool.h"
#include "diag/core/health.h"

struct output_service;

struct output_service_config {
    struct output_job job;      /* its destination is made by the service */
    struct config_service *own; /* what job.service is, where it is freed with this; or NULL */
    struct dur interval;        /* its own, or the bot's */
    bool one_pass;
    struct loop *loop;
    struct pool *workers;
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    struct cancel *stop;
    struct health_service *health; /* told of each attempt; or NULL */
    struct metrics *metrics;       /* cycles are counted here; or NULL */
    struct hooks *hooks;           /* its consumers are told of new files by these; or NULL */
    struct mono one_pass_ends;     /* one pass retries up to then; {0}: not at all */

    /* Called after every end of a job: first how it ended, then that something changed. */
    void (*heard)(void *arg, enum err_code code);
    void (*changed)(void *arg);
    void *arg;
};

/* After an error `config->own` is still the caller's. */
RESULT output_service_new(const struct output_service_config *config, struct output_service **ret);
void output_service_free(struct output_service *s); /* accepts NULL; no job may be running */
DEFINE_FREEP(output_service)

/*
 * Makes the destination ready, so that what is wrong with it is known before anything is asked of the
 * cluster. After an error each attempt begins with it again. Blocks on the disk, or on the API server of
 * Kubernetes for `limit` at most; 0: it is not asked, which is ERR_TIMEOUT.
 */
RESULT output_service_prepare(struct output_service *s, struct dur limit);

/* The bot has an identity: begin. May be called again. */
void output_service_start(struct output_service *s);

/* Begins nothing until released, which goes on in a moment with what fell due. */
void output_service_hold(struct output_service *s);
void output_service_release(struct output_service *s);

/* Renews now, or when released. */
void output_service_renew_now(struct output_service *s);

/* Renews in a moment if the last cycle failed: what kept it from succeeding may be over. */
void output_service_renew_stale(struct output_service *s);

/* Looks at the clocks again. */
void output_service_wake(struct output_service *s);

void output_service_stop(struct output_service *s);

/*
 * For good: what runs is cancelled, and nothing is told any more to `health`, `metrics` and `heard`.
 * `successor` is what the service is from now on; NULL: it is gone. A copy in the storage that nobody keeps
 * is removed, and the service busy until that is done.
 */
void output_service_retire(struct output_service *s, const struct config_service *successor);

/*
 * Before it starts: what `from`, which is retired, has in place is in place of `s`, where both have the
 * same destination and nobody was inherited from before.
 */
void output_service_inherit(struct output_service *s, struct output_service *from);

/*
 * `s` must not begin before `retired` has ended: two must not write to one directory. What hangs keeps only
 * its own place, for it may never end.
 */
bool output_service_has_to_wait(const struct output_service *s,
                                const struct output_service *retired);

/* output_service_start() was called. */
bool output_service_is_started(const struct output_service *s);

/* Of the configuration it was made with; NULL: nobody keeps account. */
struct health_service *output_service_health(const struct output_service *s);

/* Tells `health` what it has in place. */
void output_service_show(const struct output_service *s);

/* For people. */
const char *output_service_destination(const struct output_service *s);

bool output_service_is_busy(const struct output_service *s);

/* The first cycle has ended / and the last attempt succeeded. */
bool output_service_has_run(const struct output_service *s);
bool output_service_is_ok(const struct output_service *s);

/* What is in place, and what it waits for. */
struct credential_view output_service_credentials(const struct output_service *s);

const char *output_service_name(const struct output_service *s);

/* As it is configured. Lives as long as `s`. */
const struct config_service *output_service_configured(const struct output_service *s);

#endif
