/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"
#include "cmd/diag_goal.h"
#include "cmd/plain_text.h"
#include "cmd/terminal.h"

#include <string.h>

#define TIMEOUT_S 30
#define HELD_S 2  /* how long the agent is asked to hold one request: how often progress is told */
#define GRACE_S 2 /* for its answer behind that */
#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 2000
#define PAGE_MAX 1024
#define TOLD_EVERY_S 5      /* in a log */
#define PROGRESS_COLUMNS 60 /* of the reason: the line must not wrap, or it cannot be taken back */

static const struct command_help help = {
    .usage = "tbot wait [--service NAME] [--for ready|serving] [--timeout TIME] [options]",
    .about =
        "Waits until the running agent, or one service of it, is ready: in touch with the cluster\n"
        "and up to date. '--for serving' waits for valid credentials, fresh or not.\n\n"
        "An agent that does not run yet is waited for too, so that what needs its credentials may\n"
        "start before it: in an init container, or in the ExecStartPre= of a unit. Their logs get\n"
        "the reason for the wait after five seconds, and again when it is another "
        "one.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot wait -c /etc/tbot.yaml\n"
                "  tbot wait --service identity-1 --for serving --timeout 5m\n"
                "  tbot wait --diag-addr tbot:3001 --timeout 2m && exec app\n",
};

struct values {
    struct diag_goal goal;
    struct dur timeout;
};

static const struct opt opts[] = {
    {"service", .kind = OPT_TEXT, .arg = "NAME", .help = "this service alone",
     .offset = offsetof(struct values, goal.service)},
    {"for", .kind = OPT_TEXT, .arg = "WHAT", .choices = diag_goal_choices,
     .help = "what to wait for:", .offset = offsetof(struct values, goal.what)},
    {"timeout", .kind = OPT_DURATION, .arg = "TIME", .help = "how long, 30s",
     .offset = offsetof(struct values, timeout)},
};

struct wait {
    const struct diag_options *options;
    const struct values *values;
    struct diag_client client;
    struct ctx ctx; /* until the time is up */
    struct mono began;
    struct dur pause;
    char *reason; /* why not yet, as the last answer or failure told; NULL: nothing was told */
    bool was_met; /* the last try found an agent */
    bool is_terminal;
    char *told; /* the reason that the log has; NULL: none */
    struct mono told_at;
};

static void wait_release(struct wait *w)
{
    diag_client_release(&w->client);
    free(w->reason);
    free(w->told);
}

/* Takes `reason`. */
static void learn(struct wait *w, bool was_met, char *reason)
{
    free(w->reason);
    w->reason = reason;
    w->was_met = was_met;
}

/* --- progress, for a person --- */

static const char *waited(const struct wait *w, char text[DUR_SIZE])
{
    struct dur d = mono_diff(clock_mono(w->ctx.clock), w->began);
    return dur_format(dur_s(dur_to_s(d)), text);
}

static void tell_terminal(const struct wait *w)
{
    char took[DUR_SIZE];
    CLEANUP(freep) char *plain = plain_text(w->reason ? w->reason : "");
    size_t len = plain ? plain_text_fit(plain, PROGRESS_COLUMNS) : 0;
    fprintf(stderr, TERMINAL_TAKE_BACK "waiting %s: %.*s", waited(w, took), (int)len,
            plain ? plain : "");
}

/* A log, of an init container or a unit, is read afterwards: it gets each reason once. */
static void tell_log(struct wait *w)
{
    char took[DUR_SIZE];
    struct mono now = clock_mono(w->ctx.clock);
    bool is_news = w->reason && (!w->told || strcmp(w->told, w->reason) != 0);
    if (!is_news || mono_diff(now, w->told_at).ns < dur_s(TOLD_EVERY_S).ns)
        return;
    CLEANUP(freep) char *plain = plain_text(w->reason);
    fprintf(stderr, "tbot: waiting %s: %s\n", waited(w, took), plain ? plain : "");
    free(w->told);
    w->told = strdup(w->reason); /* without memory it is told again */
    w->told_at = now;
}

static void tell(struct wait *w)
{
    if (w->is_terminal)
        tell_terminal(w);
    else
        tell_log(w);
}

static void tell_no_more(const struct wait *w)
{
    if (w->is_terminal)
        fputs(TERMINAL_TAKE_BACK, stderr);
}

/* --- one try --- */

static RESULT build_path(const struct wait *w, struct dur held, struct buf *out)
{
    const struct diag_goal *g = &w->values->goal;
    TRY(buf_add_str(out, "/wait"));
    if (g->service)
        TRY(diag_client_path("/", g->service, out));
    return buf_printf(out, "?for=%s&timeout=%lldms", diag_goal_what(g),
                      (long long)dur_to_ms(held) + 1);
}

static RESULT judge(struct wait *w, const struct http_reply *reply, bool *ret_done)
{
    *ret_done = reply->status == 200;
    switch (reply->status) {
    case 200:
    case 504: /* held as long as was asked for */
    case 429: /* too many wait */
    case 503: /* it is about to stop: another one may follow */
        learn(w, true, diag_goal_reason(buf_bytes(&reply->body)));
        return NULL;
    case 404:
        if (!w->values->goal.service)
            break;
        return err_set_hint(
            err_new(ERR_USAGE, "the agent has no service '%s'", w->values->goal.service),
            "'tbot status' lists those it has.");
    default:
        break;
    }
    return diag_client_unexpected(&w->client, reply);
}

/* Nobody there yet, or somebody who is just starting or ending. */
static bool may_come(const struct err *e)
{
    return err_code(e) == ERR_UNAVAILABLE || err_code(e) == ERR_NOT_FOUND ||
           err_code(e) == ERR_TIMEOUT;
}

static RESULT ask(struct wait *w, bool *ret_done)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(PAGE_MAX);
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    struct dur left = mono_diff(w->ctx.deadline, clock_mono(w->ctx.clock));
    struct dur held = left.ns < dur_s(HELD_S).ns ? left : dur_s(HELD_S);
    TRY(build_path(w, held, &path));
    const struct diag_question q = {
        .method = "GET", .path = buf_str(&path), .limit = {held.ns + dur_s(GRACE_S).ns}};
    struct err *e = diag_client_ask(&w->client, &q, &reply);
    if (!e)
        return judge(w, &reply, ret_done);
    if (!may_come(e))
        return e;
    learn(w, false, err_text(e));
    err_free(e);
    return NULL;
}

/* --- until it is so --- */

static struct dur sooner(struct dur a, struct dur b)
{
    return a.ns < b.ns ? a : b;
}

/* An agent that was met holds the next request itself, unless it had no place for that. */
static RESULT pause_before_next(struct wait *w)
{
    if (w->was_met)
        w->pause = dur_ms(FIRST_PAUSE_MS);
    struct err *e = ctx_sleep(&w->ctx, w->pause);
    w->pause = sooner((struct dur){w->pause.ns * 2}, dur_ms(LONGEST_PAUSE_MS));
    return e;
}

static struct err *time_is_up(const struct wait *w)
{
    char text[DUR_SIZE];
    const struct diag_goal *g = &w->values->goal;
    struct err *e =
        err_new(ERR_TIMEOUT, "%s is not %s after %s%s%s", g->service ? g->service : "the agent",
                diag_goal_what(g), dur_format(w->values->timeout, text), w->reason ? ": " : "",
                w->reason ? w->reason : "");
    if (!w->was_met)
        return err_set_hint(e, "Is the agent running? -c FILE, --storage, --diag-socket and "
                               "--diag-addr say where to look.");
    return err_set_hint(e, "'tbot status' tells more.");
}

static RESULT wait_until(struct wait *w)
{
    bool is_done = false;
    for (;;) {
        tell(w);
        TRY(ask(w, &is_done));
        if (is_done)
            return NULL;
        tell(w);
        CLEANUP(err_freep) struct err *late = pause_before_next(w);
        if (late)
            return time_is_up(w);
        if (diag_where_is_guess(w->options))
            TRY(diag_where_find(w->options, &w->client.where));
    }
}

static RESULT run(const struct diag_options *o, const struct values *v)
{
    CLEANUP(wait_release)
    struct wait w = {.options = o,
                     .values = v,
                     .pause = dur_ms(FIRST_PAUSE_MS),
                     .is_terminal = terminal_of(stderr).has_cursor};
    TRY(diag_client_init(&w.client, o));
    const struct ctx forever = {.clock = w.client.clock, .deadline = MONO_NEVER};
    w.ctx = ctx_until(&forever, v->timeout);
    w.began = w.told_at = clock_mono(w.ctx.clock);
    struct err *e = wait_until(&w);
    tell_no_more(&w);
    return e;
}

int cmd_wait(struct globals *globals, int argc, char **argv)
{
    struct values values = {.timeout = {0}};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help, .own = {"Wait", opts, sizeof(opts) / sizeof(*opts), &values}};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    if (values.timeout.ns == 0)
        values.timeout = dur_s(TIMEOUT_S);
    return diag_options_fail(run(&o, &values));
}
