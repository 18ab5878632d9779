/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the cluster: transport/walk.h, and what a join would need at its end. */
#include "agent/check_private.h"
#include "agent/cluster.h"
#include "agent/skew.h"
#include "transport/walk.h"

#include <stdio.h>

#define CLOCK_TEXT_SIZE 128

#define CONNECT "connect"
#define PROXY "proxy"
#define JOIN "join"

/* One of ours beside the steps of the walk. */
static void tell(struct check *c, const struct check_point *at, enum check_status status,
                 const char *message, const char *hint)
{
    check_add(c, &(struct check_result){.name = at->name,
                                        .subject = at->subject,
                                        .status = status,
                                        .message = message,
                                        .hint = hint,
                                        .is_step = true});
}

static void on_begin(void *arg, enum walk_step step, const char *where)
{
    const struct check *c = arg;
    if (c->sink->begin)
        c->sink->begin(c->sink->arg, walk_step_name(step), where);
}

static enum check_status status_of(enum walk_status status)
{
    static const enum check_status all[] = {[WALK_OK] = CHECK_OK,
                                            [WALK_WARNING] = CHECK_WARNING,
                                            [WALK_FAILED] = CHECK_FAILED,
                                            [WALK_NOT_TRIED] = CHECK_NOT_TRIED};
    return all[status];
}

/* As a finding, but for what the clock showed: that is judged here. */
static struct check_result result_of(const struct walk_event *e)
{
    return (struct check_result){
        .name = walk_step_name(e->step),
        .subject = e->where,
        .status = status_of(e->status),
        .message = e->text,
        .code = e->code == ERR_OK ? NULL : err_code_name(e->code),
        .hint = e->hint,
        .is_step = true,
        .took = e->took,
    };
}

static void tell_clock(struct check *c, const struct walk_event *e)
{
    struct check_result r = result_of(e);
    struct skew s = {0};
    struct now now = clock_now(c->clock);
    struct dur by, uncertainty;
    char text[DUR_SIZE], off[DUR_SIZE], message[CLOCK_TEXT_SIZE];
    skew_note(&s, &(struct skew_reading){e->shown, e->asked, e->answered, false});
    if (!skew_get(&s, now, &by, &uncertainty)) {
        r.status = CHECK_NOT_TRIED;
        r.message = "not measurable: the server does not tell its time, or is too slow";
        check_add(c, &r);
        return;
    }
    bool is_behind = by.ns > 0, is_off = skew_tell(&s, now) == SKEW_OFF;
    dur_format(dur_s(dur_to_s(is_behind ? by : (struct dur){-by.ns})), text);
    dur_format(dur_s(dur_to_s(uncertainty) + 1), off);
    snprintf(message, sizeof(message), "this machine's is %s %s the server's, to within %s", text,
             is_behind ? "behind" : "ahead of", off);
    r.message = message;
    if (is_off) {
        r.status = CHECK_WARNING;
        r.hint =
            "Have the clock of this machine set by NTP (chrony, systemd-timesyncd), or that of "
            "the server if it is the wrong one: certificates are judged by it.";
    }
    check_add(c, &r);
}

static void on_end(void *arg, const struct walk_event *e)
{
    struct check *c = arg;
    const struct check_result r = result_of(e);
    if (e->step == WALK_CLOCK && e->status == WALK_OK)
        tell_clock(c, e);
    else
        check_add(c, &r);
}

/* --- the end of the way --- */

static void check_join(struct check *c, const char *where, bool arrived)
{
    const struct check_point at = {JOIN, where};
    if (!c->needs_token)
        tell(c, &at, CHECK_OK, "not needed: the stored identity is renewed without a token", NULL);
    else if (!c->has_token)
        tell(c, &at, CHECK_FAILED, "a start would have to join, and there is no token",
             "Set 'token' under 'onboarding', or --token.");
    else if (!arrived)
        tell(c, &at, CHECK_NOT_TRIED, "the way to the cluster comes first", NULL);
    else
        tell(c, &at, CHECK_OK,
             "a start would join here; the token is there, and was shown to nobody", NULL);
}

/* --- the whole --- */

/* Where a start would join it does so first, whatever is stored: then the walk is a stranger's. */
static RESULT go(struct check *c, const struct config *config, struct dur limit)
{
    const struct walk_watch watch = {.begin = on_begin, .end = on_end, .arg = c};
    const struct ctx ctx = {.clock = c->clock, .deadline = MONO_NEVER};
    struct walk_config walk = {
        .insecure = config->insecure,
        .creds = c->needs_token ? NULL : c->stored,
        .ca_pins = &config->onboarding.ca_pins,
        .ca_path = config->onboarding.ca_path,
        .limit = limit,
        .watch = &watch,
    };
    char where[ADDRESS_TEXT_SIZE];
    TRY(cluster_address(config, &walk.address, &walk.kind));
    address_format(&walk.address, where);
    tell(c, &(struct check_point){PROXY, where}, CHECK_OK, "no HTTP proxy is used", NULL);
    check_join(c, where, walk_run(&walk, &ctx));
    return NULL;
}

static void skip(struct check *c, const char *subject, const char *why)
{
    tell(c, &(struct check_point){CONNECT, subject}, CHECK_NOT_TRIED, why, NULL);
}

void check_connect(struct check *c, const struct check_subject *subject, struct dur limit)
{
    const char *file = check_file_name(subject->file);
    if (!subject->config) {
        skip(c, file, "the configuration comes first");
        return;
    }
    struct err *e = check_environment(c, subject->config);
    if (e) {
        err_ignore(e, "check_here() has told it");
        skip(c, file, "'environment' comes first: a start would not go this way");
        return;
    }
    e = go(c, subject->config, limit);
    if (e)
        check_err(c, &(struct check_point){CONNECT, file}, CHECK_FAILED, e);
}
