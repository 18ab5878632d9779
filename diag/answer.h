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
#include "diag/control.h"
#include "diag/core/health.h"
#include "diag/core/metrics_text.h"
#include "diag/liveness.h"
#include "diag/report.h"
#include "diag/wait.h"

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

    /* There is no answer yet: the connection is held, and the request is asked again, as it came,
     * whenever something changes, and at `ask_at` at the latest. */
    bool is_held;
    struct mono ask_at;

    struct diag_deed deed; /* to be done once this is answered */
};

#define DIAG_ANSWER_INIT ((struct diag_answer){.route = "other", .body = BUF_INIT(DIAG_ANSWER_MAX)})

static inline void diag_answer_release(struct diag_answer *a)
{
    buf_release(&a->body);
}

/* One address of the server. */
struct diag_listener_view {
    const char *text;   /* as it was configured */
    unsigned port;      /* that it got; 0: not on TCP */
    size_t connections; /* at present */
    size_t held;        /* of them, by somebody who waits */
};

/* How the profile is coming on that this very request asked for. */
enum diag_profile_state {
    DIAG_PROFILE_NONE, /* it asks for the first time */
    DIAG_PROFILE_UNDER_WAY,
    DIAG_PROFILE_MADE,
    DIAG_PROFILE_FAILED,
};

struct diag_profile_view {
    enum diag_profile_state state;
    struct bytes bytes;    /* MADE */
    const struct err *why; /* FAILED */
};

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

    struct diag_reporter reporter; /* /status, /_status */
    const struct diag_listener_view *listeners;
    size_t n_listeners;

    const struct diag_control *control; /* NULL: nothing can be set in motion */
    const struct log *log;              /* NULL: there is no level to see or set */
    struct wall log_level_until;        /* it goes back by itself then; WALL_NONE: it does not */
    struct diag_profile_view profile;
    unsigned awaited; /* the number of the reload that this very request waits for; 0: none yet */
    bool may_hold;    /* there is a place for one more who waits */
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

/* Everything a person wants to know, for those who get details. Asked at `since`, it is held for a
 * moment where the agent has to look at its files. */
RESULT diag_answer_status(const struct diag_facts *f, struct mono since, struct diag_answer *a);

/* ghostunnel's form of a status; the backend is the cluster. */
RESULT diag_answer_backend(const struct diag_facts *f, struct diag_answer *a);

/* Holds, or answers as /readyz or /servez do. `as_tbot`: in tbot's own form of /readyz. */
RESULT diag_answer_wait(const struct diag_facts *f, const struct diag_wait *w, bool as_tbot,
                        struct diag_answer *a);

RESULT diag_answer_log_level(const struct diag_facts *f, struct diag_answer *a);

/* `level` is a request's body, `lasting` what its query says or NULL. */
RESULT diag_answer_set_log_level(const struct diag_facts *f, struct bytes level,
                                 const char *lasting, struct diag_answer *a);

/* 202 and the deed; 409 while the agent stops; 501 for what it cannot do. */
RESULT diag_answer_renew(const struct diag_facts *f, struct diag_answer *a);

/*
 * Holds, with the deed, until the configuration was read again, and tells how that went: 200 and what has
 * changed, 422 and why nothing has. 202 where nobody more can be held. 409 and 501 as above.
 */
RESULT diag_answer_reload(const struct diag_facts *f, struct diag_answer *a);

/* What there is below /debug/pprof/. */
RESULT diag_answer_profiles(struct diag_answer *a);

/*
 * Holds, with the deed, until the profile is made; then hands it out. 409 while another is made that it
 * would be in the way of, 501 for what this build does not have. `seconds` is what the query says, or
 * NULL; `input` is for PROFILER_SYMBOLS.
 */
RESULT diag_answer_profile(const struct diag_facts *f, enum profiler_kind kind, const char *seconds,
                           struct bytes input, struct diag_answer *a);

/* 200 and the deed, however often. */
RESULT diag_answer_shut_down(const struct diag_facts *f, struct diag_answer *a);

#endif
