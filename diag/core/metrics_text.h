/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_TEXT_H
#define TBOT_DIAG_CORE_METRICS_TEXT_H

/*
 * The registry as Prometheus reads it.
 *
 * METRICS_PROMETHEUS is the text format 0.0.4. METRICS_OPENMETRICS is OpenMetrics 1.0, which names a
 * counter's family without the `_total` of its samples, says `unknown` for untyped, and ends with
 * `# EOF`, so that an answer that was cut is recognised.
 */

#include "diag/core/metrics.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* What to say as Content-Type. */
const char *metrics_content_type(enum metrics_format format);

/* Adds to `to`. */
RESULT metrics_write(struct metrics *m, enum metrics_format format, struct buf *to);

#endif
