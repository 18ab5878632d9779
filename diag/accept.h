/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ACCEPT_H
#define TBOT_DIAG_ACCEPT_H

/*
 * Which form of an answer a client wants, by its Accept and Accept-Encoding headers (RFC 9110, 12.5.1
 * and 12.5.3). Pure.
 *
 * OpenMetrics only where it is named, and not liked less than text/plain: a browser or curl, which take
 * anything, get the plainer one.
 */

#include "diag/core/metrics_text.h"

/* `accept`: the header, or NULL. What cannot be read counts as not said. */
enum metrics_format diag_accept_metrics(const char *accept);

/*
 * Whether to compress with gzip: it is named, or meant by "*", and liked no less than the plain bytes.
 * Those are never refused, as a client may that asks for "identity;q=0".
 */
bool diag_accept_gzip(const char *accept_encoding);

#endif
