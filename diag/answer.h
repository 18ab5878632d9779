/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ANSWER_H
#define TBOT_DIAG_ANSWER_H

/*
 * What the diagnostics endpoints say, made from what is known. Pure: no socket, no clock.
 *
 * `with_details` false leaves out what a stranger need not know: reasons, hints, names, times and
 * the process id; codes and states stay.
 *
 * Each function fills in `code`, `content_type` and `body`; ERR_NOMEM is all that can go wrong.
 */

#include "base/buf.h"
#include "diag/core/health.h"
#include "diag/core/metrics_text.h"
#include "diag/liveness.h"

#include <sys/types.h>

#define DIAG_ANSWER_MAX ((size_t)8 * 1024 * 1024)
#define DIAG_TYPE_JSON "application/json"
#define DIAG_TYPE_TEXT "text/plain; charset=utf-8"

struct diag_answer {
    unsigned code;            /* HTTP's */
    const char *content_type; /* static */
    const char *route;        /* static: as the metrics name it, e.g. "/readyz/{service}" */
    const char *encoding;     /* static: of the body, "gzip"; NULL: as it is */
    const char *allow;        /* static: the Allow header; NULL: none */
    bool asks_for_token;      /* WWW-Authenticate: Bearer */
    bool shows_version;       /* the Server header may be there: the asker gets details */
    struct buf body;
};

#define DIAG_ANSWER_INIT ((struct diag_answer){.route = "other", .body = BUF_INIT(DIAG_ANSWER_MAX)})

static inline void diag_answer_release(struct diag_answer *a)
{
    buf_release(&a->body);
}

/* What answers are made of. */
struct diag_facts {
    const struct health *health;
    struct metrics *metrics;    /* may be NULL */
    const char *metrics_prefix; /* of the JSON list's names */
    const char *hostname;       /* "": not known */
    struct liveness liveness;
    struct now now;
    pid_t pid;
    bool with_details;
};

/* {"error": text} */
RESULT diag_answer_error(unsigned code, const char *text, struct diag_answer *a);

/* 404, in tbot's words. */
RESULT diag_answer_no_service(const char *name, struct diag_answer *a);

RESULT diag_answer_livez(const struct diag_facts *f, struct diag_answer *a);
RESULT diag_answer_healthz(const struct diag_facts *f, struct diag_answer *a);

/* `service`: NULL for all. Without such a service: 404. */
RESULT diag_answer_readyz(const struct diag_facts *f, const char *service, struct diag_answer *a);
RESULT diag_answer_servez(const struct diag_facts *f, const char *service, struct diag_answer *a);

/* tbot's own form of it, for tools made for that: two states, 200 or 503. */
RESULT diag_answer_readyz_tbot(const struct diag_facts *f, const char *service,
                               struct diag_answer *a);

RESULT diag_answer_metrics(const struct diag_facts *f, enum metrics_format format,
                           struct diag_answer *a);

/* The same as a JSON list, see diag/core/metrics_json.h. */
RESULT diag_answer_metrics_json(const struct diag_facts *f, struct diag_answer *a);

/* Compresses the body, where that makes it smaller. */
RESULT diag_answer_gzip(struct diag_answer *a);

#endif
