/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_json.h"

#define NO_RELOAD_YET "0001-01-01T00:00:00Z" /* Go's zero time, which readers of this format know */

/* What ends comes before what begins anew, as ghostunnel has it. */
static const char *message_of(enum health_state state, bool is_reloading)
{
    if (state == HEALTH_STOPPING)
        return "stopping";
    if (is_reloading)
        return "reloading";
    return state == HEALTH_STARTING ? "initializing" : "listening";
}

static const char *word(bool is_ok)
{
    return is_ok ? "ok" : "critical";
}

static const char *backend_error(const struct diag_authority *a)
{
    if (a->is_up)
        return NULL;
    return a->error ? a->error : "not in contact yet";
}

static void add_names(json_t *o, const struct diag_facts *f, const struct diag_report *r)
{
    diag_json_text(o, "listen_address", f->n_listeners ? f->listeners[0].text : NULL);
    diag_json_text(o, "forward_address", r->authority.address);
    diag_json_text(o, "hostname", r->hostname);
    diag_json_text(o, "backend_error", backend_error(&r->authority));
    diag_json_text(o, "revision", r->revision ? r->revision : "unknown");
    diag_json_text(o, "compiler", r->compiler);
}

RESULT diag_answer_backend(const struct diag_facts *f, struct diag_answer *a)
{
    struct diag_report r = {.mode = DIAG_DAEMON};
    if (f->reporter.report)
        f->reporter.report(f->reporter.arg, &r);
    enum health_state state = health_overall(f->health, f->now).state;
    bool is_ok = state != HEALTH_STOPPING && state != HEALTH_STARTING && r.authority.is_up;
    json_t *o = json_object();
    diag_json_flag(o, "ok", is_ok);
    diag_json_text(o, "status", word(is_ok));
    diag_json_flag(o, "backend_ok", r.authority.is_up);
    diag_json_text(o, "backend_status", word(r.authority.is_up));
    diag_json_text(o, "message", message_of(state, r.reloads.is_under_way));
    diag_json_time(o, "time", f->now.wall);
    if (r.reloads.last.ns == WALL_NONE.ns)
        diag_json_text(o, "last_reload", NO_RELOAD_YET);
    diag_json_time(o, "last_reload", r.reloads.last);
    if (f->with_details)
        add_names(o, f, &r);
    return diag_json_finish(o, is_ok ? 200 : 503, a);
}
