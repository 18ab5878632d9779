/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DIAGNOSTICS_H
#define TBOT_AGENT_DIAGNOSTICS_H

/*
 * What the agent lets others see of itself: how its services stand, its metrics, and the server that
 * tells of both (diag/server.h).
 *
 *     TRY(diagnostics_new(&config, &d));
 *     TRY(diagnostics_add(d, "identity", HEALTH_SERVICE, &s));    each service, before anything runs
 *     TRY(diagnostics_listen(d));
 *     diagnostics_stop(d);                                        the agent stops; it is still told of
 *     diagnostics_free(d);                                        not any more
 *
 * It listens at `diag_addr`, and at a local socket unless `diag_socket: off` (agent/diag_place.h). One
 * pass listens nowhere: it is over before anybody could ask, and its exit code says how it went.
 *
 * Threads: the loop's, but for the metrics.
 */

#include "agent/config.h"
#include "base/loop.h"
#include "diag/control.h"
#include "diag/core/health.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"
#include "diag/report.h"

struct diagnostics_config {
    const struct config *config;
    struct loop *loop;
    const struct clock *clock;
    struct log *log;
    const char *version;
    const char *revision; /* of the source; NULL: not known */
};

struct diagnostics;
struct credentials;

RESULT diagnostics_new(const struct diagnostics_config *config, struct diagnostics **ret);
void diagnostics_free(struct diagnostics *d); /* closes what listens. Accepts NULL. */
DEFINE_FREEP(diagnostics)

/* See health_add(). Lives as long as `d`. */
RESULT diagnostics_add(struct diagnostics *d, const char *name, enum health_kind kind,
                       struct health_service **ret);

/* A reload took the service away: nothing is told of it any more, and its metrics are gone. */
void diagnostics_remove(struct diagnostics *d, struct health_service *s);

/*
 * Before diagnostics_listen(): who tells of the agent, and what it can be asked to do; both outlive the
 * use of `d`. Without it there is less to see, and nothing to ask for.
 */
void diagnostics_introduce(struct diagnostics *d, struct diag_reporter reporter,
                           const struct diag_control *control);

/* The reporter has found something out that somebody may wait for. */
void diagnostics_changed(struct diagnostics *d);

/*
 * Opens the addresses. An error for one that a person asked for; the default socket is gone without, with
 * a warning: what serves the workloads must not end over it.
 */
RESULT diagnostics_listen(struct diagnostics *d);

/* Answers nobody any more; before what the reporter tells of goes. Metrics may still be counted. */
void diagnostics_close(struct diagnostics *d);

/* What https:// addresses show from now on, unless files are named; NULL: nothing. A reference is added. */
void diagnostics_use(struct diagnostics *d, struct credentials *own);

/* Tells from here on that the agent stops. */
void diagnostics_stop(struct diagnostics *d);

/* Borrowed. */
const struct health *diagnostics_health(const struct diagnostics *d);
struct metrics *diagnostics_metrics(struct diagnostics *d);

#endif
