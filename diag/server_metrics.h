/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_SERVER_METRICS_H
#define TBOT_DIAG_SERVER_METRICS_H

/* What the diagnostics server counts of itself. `m` may be NULL. Threads: any. */

#include "diag/core/metrics.h"

void server_metrics_declare(struct metrics *m);

/* `route` is one of ours, never what a client wrote. */
void server_metrics_answered(struct metrics *m, const char *route, unsigned code);
void server_metrics_took(struct metrics *m, struct dur d);

/* `result` is one of ours: "ok", "no_certificate", … */
void server_metrics_handshake(struct metrics *m, const char *result);
void server_metrics_in_flight(struct metrics *m, size_t n);

#endif
