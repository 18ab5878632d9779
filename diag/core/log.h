/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_LOG_H
#define TBOT_DIAG_CORE_LOG_H

/*
 * The log: one line an event, on stderr, as text or JSON.
 *
 *     log_info(log, "identity", "renewed", LOG_INT("generation", 4), LOG_WALL("expires", t));
 *     log_err(log, LOG_ERROR, "identity", "renewal failed", e, LOG_DUR("next_attempt", d));
 *
 *     2026-03-09T11:50:46.101Z INFO  [identity] renewed generation:4 expires:2026-03-09T12:50:46Z
 *     {"timestamp":"2026-…","level":"info","component":"identity","message":"renewed","generation":4,…}
 *
 * A line says what an operator needs at 3 a.m.: what changed, why, what happens next. An error is
 * logged once, where it stops travelling, with its code, its chain and its hint. Values are escaped:
 * whatever a server or a file put into them, an event stays one line. A secret has no field type.
 *
 * Threads: all functions may be called from any thread; a line is written with one write(2).
 */

#include "base/cleanup.h"
#include "base/clock.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
};

enum log_format {
    LOG_TEXT,
    LOG_JSON,
};

struct log;

/* Writes to `fd`, which stays the caller's. NULL when memory is gone. */
struct log *log_new(int fd, enum log_format format, enum log_level level,
                    const struct clock *clock);
void log_free(struct log *l); /* accepts NULL */
DEFINE_FREEP(log)

void log_set_level(struct log *l, enum log_level level);
enum log_level log_get_level(const struct log *l);
const char *log_level_name(enum log_level level);

struct log_field {
    const char *key;
    enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_WALL, LOG_FIELD_DUR } kind;
    const char *str; /* NULL: the field is left out */
    int64_t num;
};

#define LOG_STR(key_, value_) ((struct log_field){.key = (key_), .str = (value_)})
#define LOG_INT(key_, value_)                                                                      \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_INT, .num = (value_)})
#define LOG_WALL(key_, value_)                                                                     \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_WALL, .num = (value_).ns})
#define LOG_DUR(key_, value_)                                                                      \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_DUR, .num = (value_).ns})

/* `l` may be NULL: nothing is logged. `e` may be NULL; it stays the caller's. */
void log_event(struct log *l, enum log_level level, const char *component, const char *message,
               const struct err *e, const struct log_field *fields, size_t n_fields);

#define LOG_FIELDS_(...)                                                                           \
    (const struct log_field[]){__VA_ARGS__},                                                       \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)

/* The last field is an absent one, so that a call without fields is well-formed. */
#define LOG_END_ LOG_STR("", NULL)
#define log_debug(l, comp, msg, ...)                                                               \
    log_event((l), LOG_DEBUG, (comp), (msg), NULL, LOG_FIELDS_(__VA_ARGS__ __VA_OPT__(, ) LOG_END_))
#define log_info(l, comp, msg, ...)                                                                \
    log_event((l), LOG_INFO, (comp), (msg), NULL, LOG_FIELDS_(__VA_ARGS__ __VA_OPT__(, ) LOG_END_))
#define log_warn(l, comp, msg, ...)                                                                \
    log_event((l), LOG_WARN, (comp), (msg), NULL, LOG_FIELDS_(__VA_ARGS__ __VA_OPT__(, ) LOG_END_))
#define log_err(l, level, comp, msg, e, ...)                                                       \
    log_event((l), (level), (comp), (msg), (e), LOG_FIELDS_(__VA_ARGS__ __VA_OPT__(, ) LOG_END_))

#endif
