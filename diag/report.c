/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/report.h"

const char *diag_mode_name(enum diag_mode m)
{
    return m == DIAG_ONE_PASS ? "oneshot" : "daemon";
}

const char *diag_copy_name(enum diag_copy c)
{
    static const char *const names[] = {[DIAG_COPY_UNKNOWN] = NULL,
                                        [DIAG_COPY_SAME] = "same",
                                        [DIAG_COPY_DIFFERS] = "differs",
                                        [DIAG_COPY_MISSING] = "missing"};
    return names[c];
}
