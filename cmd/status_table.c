/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/status_table.h"

#include "base/cleanup.h"
#include "cmd/status_doc.h"
#include "cmd/status_services.h"

#include <string.h>

/* --- what runs --- */

static void put_header(const struct status_print *t, const json_t *root)
{
    const json_t *build = json_object_get(root, "build");
    const json_t *config = json_object_get(root, "config");
    const char *revision = status_doc_text(build, "revision");
    const char *mode = status_doc_text(root, "mode");
    const char *version = status_doc_text(build, "version");
    const json_t *pid = json_object_get(root, "pid");
    struct wall started = status_doc_time(root, "started_at");
    char span[DUR_SIZE];
    struct status_print_list p = {0};
    status_print_add(&p, "tbot %s%s%s%s", version ? version : "(version unknown)",
                     revision ? " (" : "", revision ? revision : "", revision ? ")" : "");
    if (json_is_integer(pid))
        status_print_add(&p, "process %lld", (long long)json_integer_value(pid));
    status_print_add_text(&p, root, "hostname", "on ");
    if (started.ns != WALL_NONE.ns)
        status_print_add(&p, "up %s", status_doc_span(wall_diff(t->now, started), span));
    if (mode && strcmp(mode, "daemon") != 0)
        status_print_add(&p, "%s", mode);
    status_print_add_text(&p, config, "path", "configuration ");
    status_print_line(t, p.text, 0, 0);
    fputc('\n', t->to);
}

static void put_overall(const struct status_print *t, const json_t *root)
{
    const char *state = status_doc_text(root, "state");
    const char *status = status_doc_text(root, "status");
    struct wall since = status_doc_time(root, "since");
    char span[DUR_SIZE];
    struct status_print_list p = {0};
    state = state ? state : "unknown";
    if (since.ns != WALL_NONE.ns)
        status_print_add(&p, "for %s", status_doc_span(wall_diff(t->now, since), span));
    status_print_labelled(t, "state", state, status_print_colour_of(state), &p);
    if (status && strcmp(status, state) != 0)
        status_print_below(t, "", status, STATUS_PRINT_LABEL_COLUMN);
}

static void put_serving(const struct status_print *t, const json_t *root)
{
    bool is_serving = json_is_true(json_object_get(root, "serving"));
    struct status_print_list p = {0};
    if (is_serving)
        status_print_add_time(t, &p, "until", status_doc_time(root, "first_expiry"));
    status_print_labelled(t, "serving", is_serving ? "yes" : "no",
                          is_serving ? STATUS_PRINT_GREEN : STATUS_PRINT_RED, &p);
}

static void put_more(const struct status_print *t, const struct status_print_list *p)
{
    if (p->len > 0)
        status_print_below(t, "", p->text, STATUS_PRINT_LABEL_COLUMN);
}

static void add_trip(struct status_print_list *p, double seconds)
{
    if (seconds < 0.001)
        status_print_add(p, "round trip <1 ms");
    else
        status_print_add(p, "round trip %.3g ms", 1000 * seconds);
}

static void put_authority(const struct status_print *t, const json_t *root)
{
    const json_t *a = json_object_get(root, "authority");
    const json_t *trip = json_object_get(a, "round_trip_seconds");
    const char *state = status_doc_text(a, "state");
    const char *error = status_doc_text(a, "error");
    struct wall contact = status_doc_time(a, "last_contact");
    char span[STATUS_PRINT_SPAN_SIZE];
    struct status_print_list who = {0}, how = {0};
    state = state ? state : "unknown";
    status_print_add_text(&who, a, "address", "");
    status_print_add_text(&who, a, "version", "Teleport ");
    if (contact.ns != WALL_NONE.ns)
        status_print_add(&how, "last contact %s", status_print_when(t, contact, span));
    if (json_is_number(trip))
        add_trip(&how, json_number_value(trip));
    status_print_add_text(&how, a, "path", "path ");
    status_print_add_text(&how, a, "route", "route ");
    status_print_labelled(t, "authority", state, status_print_colour_of(state), &who);
    put_more(t, &how);
    if (error)
        status_print_below(t, "", error, STATUS_PRINT_LABEL_COLUMN);
}

static void put_identity(const struct status_print *t, const json_t *root)
{
    const json_t *i = json_object_get(root, "identity");
    const json_t *generation = json_object_get(i, "generation");
    const char *state = status_doc_text(i, "state");
    const char *advice = status_doc_text(i, "advice");
    struct wall next = status_doc_time(i, "next_renewal");
    struct status_print_list who = {0}, when = {0};
    if (json_object_size(i) == 0)
        return;
    status_print_add_text(&who, i, "bot", "bot ");
    status_print_add_text(&who, i, "cluster", "cluster ");
    if (json_is_integer(generation))
        status_print_add(&who, "generation %lld", (long long)json_integer_value(generation));
    status_print_add_time(t, &when, "valid until", status_doc_time(i, "not_after"));
    status_print_add_time(t, &when, wall_before(next, t->now) ? "renewal was due" : "next renewal",
                          next);
    status_print_labelled(t, "identity", state ? state : "unknown",
                          status_doc_text(i, "error") ? STATUS_PRINT_YELLOW : STATUS_PRINT_GREEN,
                          &who);
    put_more(t, &when);
    if (advice)
        status_print_below(t, STATUS_PRINT_ARROW, advice, STATUS_PRINT_LABEL_COLUMN);
}

static void put_reloads(const struct status_print *t, const json_t *root)
{
    const json_t *r = json_object_get(root, "reloads");
    const char *error = status_doc_text(r, "last_error");
    char span[STATUS_PRINT_SPAN_SIZE];
    struct status_print_list p = {0};
    if (!error)
        return;
    status_print_add(&p, "%s", status_print_when(t, status_doc_time(r, "last"), span));
    status_print_labelled(t, "reload", "failed", STATUS_PRINT_RED, &p);
    status_print_below(t, "", error, STATUS_PRINT_LABEL_COLUMN);
}

static bool is_on(const json_t *sandbox, const char *part)
{
    const char *state = status_doc_text(sandbox, part);
    return state && strcmp(state, "on") == 0;
}

static void put_part(const struct status_print *t, const json_t *sandbox, const char *part,
                     const char *reason_key)
{
    const char *reason = status_doc_text(sandbox, reason_key);
    struct status_print_list p = {0};
    if (is_on(sandbox, part))
        return;
    status_print_add(&p, "%s is off%s%s", part, reason ? ": " : "", reason ? reason : "");
    put_more(t, &p);
}

/* What is closed, and why something is not. */
static void put_sandbox(const struct status_print *t, const json_t *root)
{
    const json_t *s = json_object_get(root, "sandbox");
    bool has_files = is_on(s, "landlock"), has_calls = is_on(s, "seccomp");
    bool is_whole = has_files && has_calls;
    const char *word = is_whole ? "on" : has_files || has_calls ? "in part" : "off";
    struct status_print_list p = {0};
    if (json_object_size(s) == 0)
        return;
    if (has_files)
        status_print_add(&p, "files%s", has_calls ? " and system calls" : "");
    else if (has_calls)
        status_print_add(&p, "system calls");
    status_print_labelled(t, "sandbox", word, is_whole ? STATUS_PRINT_GREEN : STATUS_PRINT_YELLOW,
                          &p);
    put_part(t, s, "landlock", "landlock_reason");
    put_part(t, s, "seccomp", "seccomp_reason");
}

/* Somebody set it, and it goes back by itself. */
static void put_log(const struct status_print *t, const json_t *root)
{
    const json_t *log = json_object_get(root, "log");
    const char *level = status_doc_text(log, "level");
    struct status_print_list p = {0};
    if (!level || !status_doc_text(log, "until"))
        return;
    status_print_add_time(t, &p, "until", status_doc_time(log, "until"));
    status_print_labelled(t, "log", level, STATUS_PRINT_YELLOW, &p);
}

static void put_warnings(const struct status_print *t, const json_t *root)
{
    const json_t *warnings = json_object_get(root, "warnings");
    const json_t *warning;
    size_t i;
    if (json_array_size(warnings) > 0)
        fputc('\n', t->to);
    json_array_foreach(warnings, i, warning)
    {
        const char *text = json_string_value(warning);
        status_print_coloured(t, STATUS_PRINT_YELLOW, "warning: ", 0);
        status_print_line(t, text ? text : "", 9, 9);
    }
}

/* --- all --- */

RESULT status_table_print(struct bytes document, const struct terminal *terminal, FILE *to)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    TRY(status_doc_parse(document, &root));
    const struct status_print t = {terminal, to, status_doc_time(root, "time")};
    if (t.now.ns == WALL_NONE.ns || !json_object_get(root, "services"))
        return err_new(ERR_PROTOCOL, "the agent's status: what came is no such document");
    put_header(&t, root);
    put_overall(&t, root);
    put_serving(&t, root);
    put_authority(&t, root);
    put_identity(&t, root);
    put_sandbox(&t, root);
    put_reloads(&t, root);
    put_log(&t, root);
    status_services_print(&t, json_object_get(root, "services"));
    put_warnings(&t, root);
    if (fflush(to) != 0 || ferror(to))
        return err_new(ERR_STORAGE, "standard output cannot be written to");
    return NULL;
}

RESULT status_table_is_ready(struct bytes document, bool *ret)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    TRY(status_doc_parse(document, &root));
    const char *state = status_doc_text(root, "state");
    *ret = state && strcmp(state, "ok") == 0;
    return NULL;
}
