/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

#include <stdio.h>

#define TYPE_PROFILE "application/octet-stream"

static const char index_text[] =
    "tbot /debug/pprof/\n"
    "\n"
    "profile?seconds=30  processor time of all threads, 1 to 300 seconds; one at a time\n"
    "heap                memory: in use and allocated, sampled since the start\n"
    "threads             every thread: state, processor time, stack; also goroutine?debug=1\n"
    "cmdline             the command line without its secrets, words apart by NUL bytes\n"
    "symbol              names of addresses, for readers of profiles\n"
    "\n"
    "profile and heap are for 'go tool pprof', and carry the names of functions with them.\n";

RESULT diag_answer_profiles(struct diag_answer *a)
{
    a->code = 200;
    a->content_type = DIAG_TYPE_TEXT;
    return buf_add_str(&a->body, index_text);
}

/* ERR_CONFIG for what is no whole number of seconds that one may ask for. */
static struct err *read_seconds(const char *text, struct dur *ret)
{
    char *end = NULL;

    *ret = dur_s(PROFILER_SECONDS);
    if (!text || !*text)
        return NULL;
    long n = strtol(text, &end, 10);
    if (*end || n < PROFILER_SECONDS_MIN || n > PROFILER_SECONDS_MAX)
        return err_new(ERR_CONFIG, "seconds is a whole number from %d to %d", PROFILER_SECONDS_MIN,
                       PROFILER_SECONDS_MAX);
    *ret = dur_s(n);
    return NULL;
}

static unsigned code_for(const struct err *why)
{
    switch (err_code(why)) {
    case ERR_BUSY:
        return 409;
    case ERR_UNIMPLEMENTED:
        return 501;
    default:
        return 503;
    }
}

static struct err *answer_err(unsigned code, const struct err *why, struct diag_answer *a)
{
    CLEANUP(freep) char *text = err_text(why);
    return text ? diag_answer_error(code, text, a) : err_nomem();
}

static bool is_binary(enum profiler_kind kind)
{
    return kind == PROFILER_CPU || kind == PROFILER_HEAP;
}

static struct err *hand_out(const struct diag_facts *f, enum profiler_kind kind,
                            struct diag_answer *a)
{
    a->code = 200;
    a->content_type = is_binary(kind) ? TYPE_PROFILE : DIAG_TYPE_TEXT;
    return buf_add(&a->body, f->profile.bytes.data, f->profile.bytes.len);
}

static bool is_stopping(const struct diag_facts *f)
{
    return health_overall(f->health, f->now).state == HEALTH_STOPPING;
}

/* Not yet; what is to be made is a deed, the first time. */
static struct err *hold(const struct diag_facts *f, const struct diag_deed *deed,
                        struct diag_answer *a)
{
    if (is_stopping(f))
        return diag_answer_error(503, "the agent stops", a);
    if (!f->may_hold)
        return diag_answer_error(429, "too many are waiting already", a);
    a->is_held = true;
    a->ask_at = MONO_NEVER;
    if (f->profile.state == DIAG_PROFILE_NONE)
        a->deed = *deed;
    return NULL;
}

RESULT diag_answer_profile(const struct diag_facts *f, enum profiler_kind kind, const char *seconds,
                           struct bytes input, struct diag_answer *a)
{
    struct diag_deed deed = {.kind = DIAG_DEED_PROFILE, .profile = kind, .input = input};
    CLEANUP(err_freep) struct err *e = read_seconds(seconds, &deed.lasting);
    if (e)
        return answer_err(400, e, a);
    switch (f->profile.state) {
    case DIAG_PROFILE_NONE:
    case DIAG_PROFILE_UNDER_WAY:
        return hold(f, &deed, a);
    case DIAG_PROFILE_MADE:
        return hand_out(f, kind, a);
    case DIAG_PROFILE_FAILED:
        break;
    }
    return answer_err(code_for(f->profile.why), f->profile.why, a);
}
