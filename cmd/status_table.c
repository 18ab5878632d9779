/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/status_table.h"

#include "base/cleanup.h"
#include "cmd/plain_text.h"
#include "cmd/status_doc.h"

#include <string.h>

#define LABEL_COLUMN 11 /* "authority  " */
#define NOTE_COLUMN 4   /* below a service */
#define NAME_MIN 7      /* "SERVICE" */
#define SPAN_COLUMNS 13 /* "expired 3h12m" */
#define SPAN_SIZE (DUR_SIZE + 8)
#define LINE_SIZE 1024

#define ARROW "-> "
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[1;31m"
#define DIM "\033[2m"
#define BOLD "\033[1m"

struct table {
    const struct terminal *terminal;
    FILE *to;
    const json_t *root;
    struct wall now;
};

/* --- pieces --- */

static void put_coloured(const struct table *t, const char *colour, const char *text, int width)
{
    if (t->terminal->has_colour && colour)
        fprintf(t->to, "%s%-*s" TERMINAL_PLAIN, colour, width, text);
    else
        fprintf(t->to, "%-*s", width, text);
}

/* Text whose colour has no part in where it is wrapped. */
static void put_line(const struct table *t, const char *text, size_t column, size_t at)
{
    terminal_put_words(t->to, t->terminal->width, text, column, at);
    fputc('\n', t->to);
}

static void put_below(const struct table *t, const char *lead, const char *text, size_t column)
{
    fprintf(t->to, "%*s%s", (int)column, "", lead);
    put_line(t, text, column + strlen(lead), column + strlen(lead));
}

static const char *colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        {"ok", GREEN},     {"up", GREEN}, {"recovering", YELLOW}, {"starting", YELLOW},
        {"degraded", RED}, {"down", RED}, {"stopping", YELLOW},
    };
    for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
        if (strcmp(colours[i].state, state) == 0)
            return colours[i].colour;
    return NULL;
}

/* "in 43m", "5m ago", "now"; "-" for a time that is not known. */
static const char *relative(const struct table *t, struct wall when, char out[SPAN_SIZE])
{
    char span[DUR_SIZE];
    struct dur d = wall_diff(when, t->now);
    bool is_future = dur_to_s(d) > 0;
    status_doc_span(d, span);
    if (when.ns == WALL_NONE.ns)
        snprintf(out, SPAN_SIZE, "-");
    else if (dur_to_s(d) == 0)
        snprintf(out, SPAN_SIZE, "now");
    else
        snprintf(out, SPAN_SIZE, is_future ? "in %s" : "%s ago", span);
    return out;
}

/* A sentence made of parts, each behind a comma but the first. What does not fit is cut. */
struct parts {
    char text[LINE_SIZE];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add_part(struct parts *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->len > 0 && p->len + 2 < sizeof(p->text))
        p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, ", ");
    size_t room = sizeof(p->text) - 1 - p->len;
    int n = vsnprintf(p->text + p->len, room + 1, format, args);
    va_end(args);
    p->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

static void add_text(struct parts *p, const json_t *o, const char *key, const char *format_word)
{
    const char *text = status_doc_text(o, key);
    if (text)
        add_part(p, "%s%s", format_word, text);
}

/* "valid until 2026-…Z (in 40m)" */
static void add_time(const struct table *t, struct parts *p, const char *word, struct wall when)
{
    char text[RFC3339_SIZE], span[SPAN_SIZE];
    if (when.ns != WALL_NONE.ns)
        add_part(p, "%s %s (%s)", word, wall_format(when, false, text), relative(t, when, span));
}

static void put_label(const struct table *t, const char *label)
{
    fprintf(t->to, "%-*s", LABEL_COLUMN, label);
}

/* `word`, coloured as a state is, and the rest of the sentence behind it. */
static void put_state(const struct table *t, const char *label, const char *word,
                      const char *colour, const struct parts *rest)
{
    size_t at = LABEL_COLUMN + plain_text_columns(word, strlen(word));
    put_label(t, label);
    put_coloured(t, colour, word, 0);
    if (rest->len > 0)
        fputc(',', t->to);
    if (rest->len > 0)
        terminal_put_words(t->to, t->terminal->width, rest->text, LABEL_COLUMN, at + 1);
    fputc('\n', t->to);
}

/* --- what runs --- */

static void put_header(const struct table *t)
{
    const json_t *build = json_object_get(t->root, "build");
    const json_t *config = json_object_get(t->root, "config");
    const char *revision = status_doc_text(build, "revision");
    const char *mode = status_doc_text(t->root, "mode");
    const char *version = status_doc_text(build, "version");
    const json_t *pid = json_object_get(t->root, "pid");
    struct wall started = status_doc_time(t->root, "started_at");
    char span[DUR_SIZE];
    struct parts p = {0};
    add_part(&p, "tbot %s%s%s%s", version ? version : "(version unknown)", revision ? " (" : "",
             revision ? revision : "", revision ? ")" : "");
    if (json_is_integer(pid))
        add_part(&p, "process %lld", (long long)json_integer_value(pid));
    add_text(&p, t->root, "hostname", "on ");
    if (started.ns != WALL_NONE.ns)
        add_part(&p, "up %s", status_doc_span(wall_diff(t->now, started), span));
    if (mode && strcmp(mode, "daemon") != 0)
        add_part(&p, "%s", mode);
    add_text(&p, config, "path", "configuration ");
    put_line(t, p.text, 0, 0);
    fputc('\n', t->to);
}

static void put_overall(const struct table *t)
{
    const char *state = status_doc_text(t->root, "state");
    const char *status = status_doc_text(t->root, "status");
    struct wall since = status_doc_time(t->root, "since");
    char span[DUR_SIZE];
    struct parts p = {0};
    state = state ? state : "unknown";
    if (since.ns != WALL_NONE.ns)
        add_part(&p, "for %s", status_doc_span(wall_diff(t->now, since), span));
    put_state(t, "state", state, colour_of(state), &p);
    if (status && strcmp(status, state) != 0)
        put_below(t, "", status, LABEL_COLUMN);
}

static void put_serving(const struct table *t)
{
    bool is_serving = json_is_true(json_object_get(t->root, "serving"));
    struct parts p = {0};
    if (is_serving)
        add_time(t, &p, "until", status_doc_time(t->root, "first_expiry"));
    put_state(t, "serving", is_serving ? "yes" : "no", is_serving ? GREEN : RED, &p);
}

static void put_more(const struct table *t, const struct parts *p)
{
    if (p->len > 0)
        put_below(t, "", p->text, LABEL_COLUMN);
}

static void put_authority(const struct table *t)
{
    const json_t *a = json_object_get(t->root, "authority");
    const json_t *trip = json_object_get(a, "round_trip_seconds");
    const char *state = status_doc_text(a, "state");
    const char *error = status_doc_text(a, "error");
    struct wall contact = status_doc_time(a, "last_contact");
    char span[SPAN_SIZE];
    struct parts who = {0}, how = {0};
    state = state ? state : "unknown";
    add_text(&who, a, "address", "");
    add_text(&who, a, "version", "Teleport ");
    if (contact.ns != WALL_NONE.ns)
        add_part(&how, "last contact %s", relative(t, contact, span));
    if (json_is_number(trip))
        add_part(&how, "round trip %.3g ms", 1000 * json_number_value(trip));
    add_text(&how, a, "path", "path ");
    add_text(&how, a, "route", "route ");
    put_state(t, "authority", state, colour_of(state), &who);
    put_more(t, &how);
    if (error)
        put_below(t, "", error, LABEL_COLUMN);
}

static void put_identity(const struct table *t)
{
    const json_t *i = json_object_get(t->root, "identity");
    const json_t *generation = json_object_get(i, "generation");
    const char *state = status_doc_text(i, "state");
    const char *advice = status_doc_text(i, "advice");
    struct wall next = status_doc_time(i, "next_renewal");
    struct parts who = {0}, when = {0};
    if (json_object_size(i) == 0)
        return;
    add_text(&who, i, "bot", "bot ");
    add_text(&who, i, "cluster", "cluster ");
    if (json_is_integer(generation))
        add_part(&who, "generation %lld", (long long)json_integer_value(generation));
    add_time(t, &when, "valid until", status_doc_time(i, "not_after"));
    add_time(t, &when, wall_before(next, t->now) ? "renewal was due" : "next renewal", next);
    put_state(t, "identity", state ? state : "unknown",
              status_doc_text(i, "error") ? YELLOW : GREEN, &who);
    put_more(t, &when);
    if (advice)
        put_below(t, ARROW, advice, LABEL_COLUMN);
}

static void put_reloads(const struct table *t)
{
    const json_t *r = json_object_get(t->root, "reloads");
    const char *error = status_doc_text(r, "last_error");
    char span[SPAN_SIZE];
    struct parts p = {0};
    if (!error)
        return;
    add_part(&p, "%s", relative(t, status_doc_time(r, "last"), span));
    put_state(t, "reload", "failed", RED, &p);
    put_below(t, "", error, LABEL_COLUMN);
}

/* Somebody set it, and it goes back by itself. */
static void put_log(const struct table *t)
{
    const json_t *log = json_object_get(t->root, "log");
    const char *level = status_doc_text(log, "level");
    struct parts p = {0};
    if (!level || !status_doc_text(log, "until"))
        return;
    add_time(t, &p, "until", status_doc_time(log, "until"));
    put_state(t, "log", level, YELLOW, &p);
}

/* --- the services --- */

static int name_width(const json_t *services)
{
    size_t width = NAME_MIN, i;
    const json_t *service;
    json_array_foreach(services, i, service)
    {
        const char *name = status_doc_text(service, "name");
        size_t columns = name ? plain_text_columns(name, strlen(name)) : 0;
        width = columns > width ? columns : width;
    }
    return (int)width;
}

/* Its own plan; without one, when the first of its credentials is due. */
static struct wall next_of(const json_t *service)
{
    struct wall next = status_doc_time(service, "next_attempt");
    const json_t *credential;
    size_t i;
    if (next.ns != WALL_NONE.ns)
        return next;
    json_array_foreach(json_object_get(service, "credentials"), i, credential)
    {
        struct wall at = status_doc_time(credential, "renew_at");
        if (next.ns == WALL_NONE.ns || (at.ns != WALL_NONE.ns && wall_before(at, next)))
            next = at;
    }
    return next;
}

static void put_expiry(const struct table *t, struct wall until)
{
    char span[SPAN_SIZE], text[SPAN_SIZE + 8];
    bool is_over = until.ns != WALL_NONE.ns && !wall_before(t->now, until);
    if (is_over)
        snprintf(text, sizeof(text), "expired %s", status_doc_span(wall_diff(t->now, until), span));
    else
        snprintf(text, sizeof(text), "%s", relative(t, until, span));
    put_coloured(t, is_over ? RED : NULL, text, SPAN_COLUMNS);
}

static void put_service_line(const struct table *t, const json_t *s, int width)
{
    const char *name = status_doc_text(s, "name");
    const char *state = status_doc_text(s, "state");
    struct wall since = status_doc_time(s, "since");
    struct wall next = next_of(s);
    char span[SPAN_SIZE];
    name = name ? name : "?";
    state = state ? state : "unknown";
    int pad = width - (int)plain_text_columns(name, strlen(name));
    fprintf(t->to, "%s%*s  ", name, pad > 0 ? pad : 0, "");
    put_coloured(t, colour_of(state), state, 10);
    status_doc_span(wall_diff(t->now, since), span);
    fprintf(t->to, "  %-7s  ", since.ns == WALL_NONE.ns ? "-" : span);
    put_expiry(t, status_doc_time(s, "serves_until"));
    bool is_due = next.ns != WALL_NONE.ns && !wall_before(t->now, next);
    fprintf(t->to, "  %s\n", is_due ? "now" : relative(t, next, span));
}

static void put_trouble(const struct table *t, const json_t *s)
{
    const char *reason = status_doc_text(s, "reason");
    const char *hint = status_doc_text(s, "hint");
    const char *operation = status_doc_text(s, "operation");
    long long failures = json_integer_value(json_object_get(s, "consecutive_failures"));
    char lead[LINE_SIZE] = "";
    if (!reason)
        return;
    if (failures > 1)
        snprintf(lead, sizeof(lead),
                 "%.64s failed %lld times in a row: ", operation ? operation : "it", failures);
    CLEANUP(freep) char *text = NULL;
    if (asprintf(&text, "%s%s", lead, reason) < 0)
        text = NULL; /* undefined after a failure */
    put_below(t, "", text ? text : reason, NOTE_COLUMN);
    if (hint)
        put_below(t, ARROW, hint, NOTE_COLUMN);
}

/* Somebody else changed or removed what consumers read: no state tells of that. */
static void put_files(const struct table *t, const json_t *s)
{
    const json_t *credential;
    size_t i;
    json_array_foreach(json_object_get(s, "credentials"), i, credential)
    {
        const char *on_disk = status_doc_text(credential, "on_disk");
        const char *path = status_doc_text(credential, "path");
        struct parts p = {0};
        if (!on_disk || strcmp(on_disk, "same") == 0)
            continue;
        add_part(&p, "%s: the file %s", path ? path : "what was written",
                 strcmp(on_disk, "missing") == 0 ? "is gone" : "is not the one that was written");
        put_below(t, "", p.text, NOTE_COLUMN);
    }
}

static void put_services(const struct table *t)
{
    const json_t *services = json_object_get(t->root, "services");
    const json_t *service;
    size_t i;
    int width = name_width(services);
    char line[LINE_SIZE];
    if (json_array_size(services) == 0)
        return;
    fputc('\n', t->to);
    snprintf(line, sizeof(line), "%-*s  %-10s  %-7s  %-*s  %s", width, "SERVICE", "STATE", "FOR",
             SPAN_COLUMNS, "EXPIRES", "NEXT");
    put_coloured(t, BOLD, line, 0);
    fputc('\n', t->to);
    json_array_foreach(services, i, service)
    {
        put_service_line(t, service, width);
        put_trouble(t, service);
        put_files(t, service);
    }
}

static void put_warnings(const struct table *t)
{
    const json_t *warnings = json_object_get(t->root, "warnings");
    const json_t *warning;
    size_t i;
    if (json_array_size(warnings) > 0)
        fputc('\n', t->to);
    json_array_foreach(warnings, i, warning)
    {
        const char *text = json_string_value(warning);
        put_coloured(t, YELLOW, "warning: ", 0);
        put_line(t, text ? text : "", 9, 9);
    }
}

/* --- all --- */

RESULT status_table_print(struct bytes document, const struct terminal *terminal, FILE *to)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    TRY(status_doc_parse(document, &root));
    const struct table t = {terminal, to, root, status_doc_time(root, "time")};
    if (t.now.ns == WALL_NONE.ns || !json_object_get(root, "services"))
        return err_new(ERR_PROTOCOL, "the agent's status: what came is no such document");
    put_header(&t);
    put_overall(&t);
    put_serving(&t);
    put_authority(&t);
    put_identity(&t);
    put_reloads(&t);
    put_log(&t);
    put_services(&t);
    put_warnings(&t);
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
