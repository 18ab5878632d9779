/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"
#include "diag/core/metrics_json.h"
#include "diag/gzip.h"

/* What fits into one packet costs the same without. */
#define GZIP_MIN_BYTES 1400

static struct err *none_kept(struct diag_answer *a)
{
    return diag_answer_error(404, "metrics are not collected", a);
}

RESULT diag_answer_metrics(const struct diag_facts *f, enum metrics_format format,
                           struct diag_answer *a)
{
    if (!f->metrics)
        return none_kept(a);
    a->code = 200;
    a->content_type = metrics_content_type(format);
    return metrics_write(f->metrics, format, &a->body);
}

RESULT diag_answer_metrics_json(const struct diag_facts *f, struct diag_answer *a)
{
    if (!f->metrics)
        return none_kept(a);
    const struct metrics_origin origin = {
        .prefix = f->metrics_prefix, .hostname = f->hostname, .time = f->now.wall};
    a->code = 200;
    a->content_type = DIAG_TYPE_JSON;
    return metrics_json_write(f->metrics, &origin, &a->body);
}

RESULT diag_answer_gzip(struct diag_answer *a)
{
    if (a->body.len < GZIP_MIN_BYTES)
        return NULL;
    CLEANUP(buf_release) struct buf packed = BUF_INIT(a->body.max);
    TRY(gzip_pack(buf_bytes(&a->body), &packed));
    if (packed.len >= a->body.len)
        return NULL;
    struct buf plain = a->body;
    a->body = packed;
    a->encoding = "gzip";
    packed = plain;
    return NULL;
}
