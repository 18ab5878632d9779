/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_AGENT_METRICS_H
#define TBOT_DIAG_CORE_AGENT_METRICS_H

/*
 * What the agent counts of its own work. Each function tells one thing that happened; the names, labels
 * and bounds of the metrics are here and nowhere else.
 *
 * An outcome is an error's code: `result` is "ok" or "failed", `code` the name of the code
 * (err_code_name()), so that an alert can tell an outage from a refusal.
 *
 * Threads: any. `m` may be NULL: nobody counts. Labels' values are copied; they come from small sets.
 */

#include "diag/core/metrics.h"

/* The families are shown from the start, whatever happens. */
void agent_metrics_declare(struct metrics *m);

/* A service's cycle has ended, its own attempts included: `tbot_renewals_total`, `…_duration_seconds`. */
void agent_metrics_renewed(struct metrics *m, const char *service, enum err_code outcome,
                           struct dur took);

/* How the cluster stands. `path` as in path_kind_name(); `last_contact` WALL_NONE: never, in this life. */
void agent_metrics_authority(struct metrics *m, const char *path, bool is_connected,
                             struct wall last_contact);

/*
 * A call to the cluster has ended, with all that it took: a dial, and a second try where the first found
 * a dead connection. `method` is from a table of ours.
 */
void agent_metrics_called(struct metrics *m, const char *method, enum err_code outcome,
                          struct dur took);

/*
 * A dial reached the cluster: by the way that was remembered, or by another, because none was or that one
 * failed. One that reached nobody says nothing about the memory and counts for neither.
 */
void agent_metrics_dialled(struct metrics *m, bool by_remembered_way);

/* The configuration was read again. */
void agent_metrics_reloaded(struct metrics *m, bool is_ok);

/* A hook of a service's `reload` has ended: "ok", "failed" or "timeout". All begin at 0. */
void agent_metrics_expect_hook(struct metrics *m, const char *service);
void agent_metrics_hook_ran(struct metrics *m, const char *service, enum err_code outcome);

/* Metrics are to be sent to a `target`, "graphite" or "url": what is counted of it begins at 0. */
void agent_metrics_expect_pushes(struct metrics *m, const char *target);

/* The metrics were sent, or not, to a `target`. */
void agent_metrics_pushed(struct metrics *m, const char *target, bool is_ok);

#endif
