/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CHECK_H
#define TBOT_AGENT_CHECK_H

/*
 * Whether a configuration would work: looks at everything a start would need, without starting.
 *
 *     CLEANUP(check_release) struct check check = {.sink = &sink, .clock = clock, .getenv = getenv};
 *     ... the configuration is read, merged and validated: `e` ...
 *     if (e)
 *         check_config_error(&check, file, e);
 *     else
 *         check_here(&check, &subject);
 *     check_connect(&check, &subject, dur_s(10));         where that is asked for
 *     ... check.failed, check.warnings ...
 *
 * Nothing is written, locked or made; no token is shown to anybody, but that of the service account to the
 * API server of Kubernetes where an output is a secret; a running agent is not disturbed.
 * So what only a write can show is judged by what the system says of rights, space and filesystems:
 * a finding is what a start would meet now, not a promise.
 *
 * Findings go to the sink as they are made. A failure is what would keep a start, or an output, from
 * working; a warning is what works and should be looked at. Whatever cannot be looked at because
 * something before it failed is told as not tried. Failures of the checks themselves (no memory) are
 * findings too.
 *
 * Threads: one at a time; blocks on the disk.
 */

#include "agent/config.h"
#include "base/ctx.h"
#include "base/encode.h"

enum check_status { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_NOT_TRIED, CHECK_STATUS_COUNT };

/* Stable lower-case name for JSON: "ok", "warning", "failed", "not_tried". */
const char *check_status_name(enum check_status status);

/* All texts are valid during the call only. */
struct check_result {
    const char *name;    /* what was looked at, stable: "storage", "output", … see docs/test.md */
    const char *subject; /* which one: a path, a service, an address */
    enum check_status status;
    const char *message; /* a clause; never a secret */
    const char *code;    /* of the error that was met, err_code_name(); NULL: none */
    const char *hint;    /* what a person can do; NULL: nothing */
    bool is_step;        /* of the way to the cluster, which took this long */
    struct dur took;
};

struct check_sink {
    /* A step begins that may take its time; its finding, or that of another, follows. May be NULL. */
    void (*begin)(void *arg, const char *name, const char *subject);
    void (*add)(void *arg, const struct check_result *result);
    void *arg;
};

/* The first four are the caller's, the rest begins as zero. */
struct check {
    const struct check_sink *sink;
    const struct clock *clock;
    char *(*getenv)(const char *name);
    const struct ctx
        *within; /* what check_output() asks of an API server, all in all; NULL: each alone */

    unsigned failed, warnings;
    struct credentials *stored;      /* an identity that can be used; NULL: there is none */
    bool has_identity;               /* one is stored, it may have expired */
    char tokenhash[SHA256_HEX_SIZE]; /* of the token it came from, "" where that is not known */
    bool needs_token;                /* a start would join */
    bool has_token;                  /* and could */
};
void check_release(struct check *c);

/* What is checked; borrowed. */
struct check_subject {
    const struct config
        *config;      /* as a start would use it: merged and validated. NULL: there is none */
    const char *file; /* NULL: the command line alone; "-": standard input */
    bool has_token;   /* the file itself holds a literal token */
};

/* Tells each mistake of a configuration that cannot be used, and what was not tried. Takes `e`. */
void check_config_error(struct check *c, const char *file, struct err *e);

/* Everything on this machine. */
void check_here(struct check *c, const struct check_subject *subject);

/*
 * Every step to the cluster (transport/walk.h), after check_here(): with the stored identity where it
 * would be used, else as far as to where a join begins. `limit` is for each step. Needs
 * transport_init().
 */
void check_connect(struct check *c, const struct check_subject *subject, struct dur limit);

#endif
