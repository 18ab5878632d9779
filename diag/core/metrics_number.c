/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Up to here every whole number has a double of its own: 2^53. */
#define WHOLE_MAX 9007199254740992.0

bool metrics_is_whole(double v)
{
    return fabs(v) <= WHOLE_MAX && v == floor(v);
}

/* The fewest digits that lead back; trying takes a microsecond a number, so whole ones go first. */
static void shortest(double v, char out[METRICS_NUMBER_SIZE])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, METRICS_NUMBER_SIZE, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            break;
    }
}

char *metrics_number(double v, char out[METRICS_NUMBER_SIZE])
{
    if (isnan(v))
        snprintf(out, METRICS_NUMBER_SIZE, "NaN");
    else if (isinf(v))
        snprintf(out, METRICS_NUMBER_SIZE, v > 0 ? "+Inf" : "-Inf");
    else if (metrics_is_whole(v))
        snprintf(out, METRICS_NUMBER_SIZE, "%" PRId64, (int64_t)v);
    else
        shortest(v, out);
    return out;
}
