/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ACCEPT_H
#define TBOT_DIAG_ACCEPT_H

/*
 * Which form of the metrics a client wants, by its Accept header (RFC 9110, 12.5.1). Pure.
 *
 * OpenMetrics only where it is named, and not liked less than text/plain: a browser or curl, which take
 * anything, get the plainer one.
 */

#include "diag/core/metrics_text.h"

/* `accept`: the header, or NULL. What cannot be read counts as not said. */
enum metrics_format diag_accept_metrics(const char *accept);

#endif
