/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_DIAG_OPENMETRICS_CHECK_H
#define TBOT_TESTS_DIAG_OPENMETRICS_CHECK_H

/*
 * A strict reader of OpenMetrics 1.0, as far as counters, gauges, histograms and unknowns go: the order
 * of lines, one HELP and TYPE for each family and before its samples, families in one piece, names and
 * labels as the grammar has them, no series twice, the suffixes that each type demands, buckets that rise
 * and end in +Inf, and `# EOF` at the very end.
 */

#include <stddef.h>

/* NULL: it is well-formed; *ret_samples is how many there were. Else a static text says what is not. */
const char *openmetrics_check(const char *text, size_t *ret_samples);

#endif
