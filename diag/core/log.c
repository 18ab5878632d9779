/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/log.h"

#include "base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Longer texts are cut: what a hostile server says must not fill the disk. */
#define TEXT_MAX_BYTES 4096
/* Room for several texts at JSON's six bytes for one. */
#define LINE_MAX_BYTES 131072

struct log {
    int fd;
    enum log_format format;
    _Atomic enum log_level level;
    const struct clock *clock;
    pthread_mutex_t lock;
};

struct log *log_new(int fd, enum log_format format, enum log_level level, const struct clock *clock)
{
    struct log *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->fd = fd;
    l->format = format;
    l->level = level;
    l->clock = clock;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void log_free(struct log *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void log_set_level(struct log *l, enum log_level level)
{
    l->level = level;
}

enum log_level log_get_level(const struct log *l)
{
    return l->level;
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

/* The text of a field's value; NULL leaves the field out. Uses `scratch` for what it formats. */
static const char *field_text(const struct log_field *f, char scratch[DUR_SIZE + RFC3339_SIZE])
{
    switch (f->kind) {
    case LOG_FIELD_STR:
        return f->str;
    case LOG_FIELD_WALL:
        return wall_format((struct wall){f->num}, false, scratch);
    case LOG_FIELD_DUR:
        return dur_format((struct dur){f->num}, scratch);
    case LOG_FIELD_INT:
        break;
    }
    snprintf(scratch, DUR_SIZE, "%" PRId64, f->num);
    return scratch;
}

/* One byte of a text value, so that it can neither end the line nor move a terminal's cursor. */
static struct err *add_escaped(struct buf *line, unsigned char c, bool quoted)
{
    if (c == '\n')
        return buf_add_str(line, "\\n");
    if (c < 0x20 || c == 0x7f)
        return buf_printf(line, "\\x%02x", c);
    if (quoted && (c == '"' || c == '\\'))
        TRY(buf_add_u8(line, '\\'));
    return buf_add_u8(line, c);
}

static struct err *add_text(struct buf *line, const char *text, bool quoted)
{
    if (quoted)
        TRY(buf_add_u8(line, '"'));
    for (const char *p = text; *p; p++)
        TRY(add_escaped(line, (unsigned char)*p, quoted));
    return quoted ? buf_add_u8(line, '"') : NULL;
}

static bool needs_quotes(const char *text)
{
    return !*text || strpbrk(text, " \"\t\r\n") != NULL;
}

static struct err *add_text_field(struct buf *line, const char *key, const char *value)
{
    if (!value)
        return NULL;
    TRY(buf_printf(line, " %s:", key));
    return add_text(line, value, needs_quotes(value));
}

struct event {
    enum log_level level;
    const char *component;
    const char *message;
    const char *error, *code, *hint; /* NULL: no error */
    const struct log_field *fields;
    size_t n_fields;
    char when[RFC3339_SIZE];
};

static const char *const labels[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

static struct err *format_text(const struct event *ev, struct buf *line)
{
    char scratch[DUR_SIZE + RFC3339_SIZE];
    TRY(buf_printf(line, "%s %s [%s] ", ev->when, labels[ev->level], ev->component));
    TRY(add_text(line, ev->message, false));
    if (ev->error) {
        TRY(buf_add_str(line, ": "));
        TRY(add_text(line, ev->error, false));
    }
    for (size_t i = 0; i < ev->n_fields; i++)
        TRY(add_text_field(line, ev->fields[i].key, field_text(&ev->fields[i], scratch)));
    TRY(add_text_field(line, "code", ev->code));
    return add_text_field(line, "hint", ev->hint);
}

/* Server text may be any bytes; JSON wants UTF-8. */
static json_t *json_of(const char *text)
{
    json_t *v = json_string(text);
    return v ? v : json_string("(not UTF-8)");
}

static struct err *format_json(const struct event *ev, struct buf *line)
{
    char scratch[DUR_SIZE + RFC3339_SIZE];
    json_t *o = json_object();
    json_object_set_new(o, "timestamp", json_of(ev->when));
    json_object_set_new(o, "level", json_of(log_level_name(ev->level)));
    json_object_set_new(o, "component", json_of(ev->component));
    json_object_set_new(o, "message", json_of(ev->message));
    for (size_t i = 0; i < ev->n_fields; i++) {
        const struct log_field *f = &ev->fields[i];
        const char *text = f->kind == LOG_FIELD_INT ? "" : field_text(f, scratch);
        if (text)
            json_object_set_new(o, f->key,
                                f->kind == LOG_FIELD_INT ? json_integer(f->num) : json_of(text));
    }
    if (ev->error) {
        json_object_set_new(o, "error", json_of(ev->error));
        json_object_set_new(o, "code", json_of(ev->code));
    }
    if (ev->hint)
        json_object_set_new(o, "hint", json_of(ev->hint));
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    struct err *e = text ? buf_add_str(line, text) : err_nomem();
    free(text);
    return e;
}

static void write_line(struct log *l, struct bytes line)
{
    pthread_mutex_lock(&l->lock);
    size_t done = 0;
    while (done < line.len) {
        ssize_t n = write(l->fd, line.data + done, line.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* nobody reads the log: there is no better place to say so */
        done += (size_t)n;
    }
    pthread_mutex_unlock(&l->lock);
}

/* Two events must not share a line: where there is no room for its end, its last byte gives way. */
static void end_line(struct buf *line)
{
    struct err *e = buf_add_u8(line, '\n');
    if (e)
        line->data[line->len - 1] = '\n';
    err_ignore(e, "out of memory, or over the limit: what there is of the line is written");
}

/* Without memory for a line it is still told that there should be one. */
static void write_bare(struct log *l, const struct event *ev)
{
    static const char message[] = "no memory for what is to be said here";
    char line[160];
    if (l->format == LOG_JSON)
        snprintf(line, sizeof(line), "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"}\n",
                 ev->when, log_level_name(ev->level), message);
    else
        snprintf(line, sizeof(line), "%s %s [log] %s\n", ev->when, labels[ev->level], message);
    write_line(l, bytes_of_str(line));
}

void log_event(struct log *l, enum log_level level, const char *component, const char *message,
               const struct err *e, const struct log_field *fields, size_t n_fields)
{
    if (!l || level < l->level)
        return;
    CLEANUP(freep) char *error = e ? err_text(e) : NULL;
    if (error && strlen(error) > TEXT_MAX_BYTES)
        error[TEXT_MAX_BYTES] = '\0';
    struct event ev = {.level = level,
                       .component = component,
                       .message = message,
                       .error = error,
                       .code = e ? err_code_name(err_code(e)) : NULL,
                       .hint = e ? err_hint(e) : NULL,
                       .fields = fields,
                       .n_fields = n_fields};
    wall_format(clock_wall(l->clock), true, ev.when);
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    err_ignore(l->format == LOG_JSON ? format_json(&ev, &line) : format_text(&ev, &line),
               "as for the end of the line");
    if (line.len > 0) {
        end_line(&line);
        write_line(l, buf_bytes(&line));
    } else {
        write_bare(l, &ev);
    }
    buf_release(&line);
}
