/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_NUMBER_H
#define TBOT_DIAG_CORE_METRICS_NUMBER_H

/* How a metric's value is written. Pure. */

#include <stdbool.h>
#include <stddef.h>

#define METRICS_NUMBER_SIZE 32

/*
 * As short as it can be and still be read back as the same number: "3", "0.25"; "+Inf", "-Inf", "NaN" as
 * Prometheus writes them. Returns `out`.
 */
char *metrics_number(double v, char out[METRICS_NUMBER_SIZE]);

/* A whole number that a 64 bit integer holds without loss. */
bool metrics_is_whole(double v);

#endif
