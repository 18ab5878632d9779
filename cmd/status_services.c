/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/status_services.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cmd/plain_text.h"
#include "cmd/status_doc.h"

#include <string.h>

#define NOTE_COLUMN 4   /* below a service */
#define NAME_MIN 7      /* "SERVICE" */
#define SPAN_COLUMNS 13 /* "expired 3h12m" */
#define LEAD_SIZE 512

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

static void put_expiry(const struct status_print *t, struct wall until)
{
    char span[STATUS_PRINT_SPAN_SIZE], text[STATUS_PRINT_SPAN_SIZE + 8];
    bool is_over = until.ns != WALL_NONE.ns && !wall_before(t->now, until);
    if (is_over)
        snprintf(text, sizeof(text), "expired %s", status_doc_span(wall_diff(t->now, until), span));
    else
        snprintf(text, sizeof(text), "%s", status_print_when(t, until, span));
    status_print_coloured(t, is_over ? STATUS_PRINT_RED : NULL, text, SPAN_COLUMNS);
}

static void put_service_line(const struct status_print *t, const json_t *s, int width)
{
    const char *name = status_doc_text(s, "name");
    const char *state = status_doc_text(s, "state");
    struct wall since = status_doc_time(s, "since");
    struct wall next = next_of(s);
    char span[STATUS_PRINT_SPAN_SIZE];
    name = name ? name : "?";
    state = state ? state : "unknown";
    int pad = width - (int)plain_text_columns(name, strlen(name));
    fprintf(t->to, "%s%*s  ", name, pad > 0 ? pad : 0, "");
    status_print_coloured(t, status_print_colour_of(state), state, 10);
    status_doc_span(wall_diff(t->now, since), span);
    fprintf(t->to, "  %-7s  ", since.ns == WALL_NONE.ns ? "-" : span);
    put_expiry(t, status_doc_time(s, "serves_until"));
    bool is_due = next.ns != WALL_NONE.ns && !wall_before(t->now, next);
    fprintf(t->to, "  %s\n", is_due ? "now" : status_print_when(t, next, span));
}

static void put_trouble(const struct status_print *t, const json_t *s)
{
    const char *reason = status_doc_text(s, "reason");
    const char *hint = status_doc_text(s, "hint");
    const char *operation = status_doc_text(s, "operation");
    long long failures = json_integer_value(json_object_get(s, "consecutive_failures"));
    char lead[LEAD_SIZE] = "";
    if (!reason)
        return;
    if (failures > 1)
        snprintf(lead, sizeof(lead),
                 "%.64s failed %lld times in a row: ", operation ? operation : "it", failures);
    CLEANUP(freep) char *text = NULL;
    err_ignore(text_format(&text, "%s%s", lead, reason), "the reason alone says most of it");
    status_print_below(t, "", text ? text : reason, NOTE_COLUMN);
    if (hint)
        status_print_below(t, STATUS_PRINT_ARROW, hint, NOTE_COLUMN);
}

/* Somebody else changed or removed what consumers read: no state tells of that. */
static void put_files(const struct status_print *t, const json_t *s)
{
    const json_t *credential;
    size_t i;
    json_array_foreach(json_object_get(s, "credentials"), i, credential)
    {
        const char *on_disk = status_doc_text(credential, "on_disk");
        const char *path = status_doc_text(credential, "path");
        struct status_print_list p = {0};
        if (!on_disk || strcmp(on_disk, "same") == 0)
            continue;
        status_print_add(&p, "%s: the file %s", path ? path : "what was written",
                         strcmp(on_disk, "missing") == 0 ? "is gone"
                                                         : "is not the one that was written");
        status_print_below(t, "", p.text, NOTE_COLUMN);
    }
}

/* Whoever reads the files may not know of the new ones; the files themselves are as they should be. */
static void put_hook(const struct status_print *t, const json_t *s)
{
    const json_t *hook = json_object_get(s, "hook");
    const char *error = status_doc_text(hook, "error");
    const char *hint = status_doc_text(hook, "hint");
    long long failures = json_integer_value(json_object_get(hook, "consecutive_failures"));
    char span[STATUS_PRINT_SPAN_SIZE];
    struct status_print_list p = {0};
    if (!error)
        return;
    status_print_add(&p, "its hook failed %s",
                     status_print_when(t, status_doc_time(hook, "last_run"), span));
    if (failures > 1)
        status_print_add(&p, "%lld times in a row", failures);
    CLEANUP(freep) char *text = NULL;
    err_ignore(text_format(&text, "%s: %s", p.text, error), "the error alone says most of it");
    status_print_below(t, "", text ? text : error, NOTE_COLUMN);
    if (hint)
        status_print_below(t, STATUS_PRINT_ARROW, hint, NOTE_COLUMN);
}

void status_services_print(const struct status_print *t, const json_t *services)
{
    const json_t *service;
    size_t i;
    int width = name_width(services);
    char line[LEAD_SIZE];
    if (json_array_size(services) == 0)
        return;
    fputc('\n', t->to);
    snprintf(line, sizeof(line), "%-*s  %-10s  %-7s  %-*s  %s", width, "SERVICE", "STATE", "FOR",
             SPAN_COLUMNS, "EXPIRES", "NEXT");
    status_print_coloured(t, STATUS_PRINT_BOLD, line, 0);
    fputc('\n', t->to);
    json_array_foreach(services, i, service)
    {
        put_service_line(t, service, width);
        put_trouble(t, service);
        put_files(t, service);
        put_hook(t, service);
    }
}
