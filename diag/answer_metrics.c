/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

RESULT diag_answer_metrics(const struct diag_facts *f, enum metrics_format format,
                           struct diag_answer *a)
{
    if (!f->metrics)
        return diag_answer_error(404, "metrics are not collected", a);
    a->code = 200;
    a->content_type = metrics_content_type(format);
    return metrics_write(f->metrics, format, &a->body);
}
