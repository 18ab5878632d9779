/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_GRAPHITE_H
#define TBOT_DIAG_CORE_METRICS_GRAPHITE_H

/*
 * The registry in Graphite's plaintext protocol: "NAME VALUE TIME\n" for each point of
 * diag/core/metrics_points.h, the time in seconds.
 */

#include "diag/core/metrics_points.h"

/* Adds to `to`. ERR_NOMEM, or ERR_REJECTED for more than it takes. `prefix`: "" for none. */
RESULT metrics_graphite_write(struct metrics *m, const char *prefix, struct wall time,
                              struct buf *to);

#endif
