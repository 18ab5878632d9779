/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_ERR_H
#define TBOT_BASE_ERR_H

/*
 * The one error type.
 *
 * A function that can fail returns `RESULT` (a `struct err *` the compiler makes you use): NULL is
 * success, anything else is owned by the caller. Pass it up with TRY(), add context on the way with
 * TRY_CTX(), log it once at the top, free it with err_free().
 *
 *     RESULT store_load(struct store *s, struct credentials **ret)
 *     {
 *         CLEANUP(buf_freep) struct buf *b = NULL;
 *         TRY_CTX(dir_read(s->dir, "tlscert", MAX, &b), "reading the stored identity");
 *         ...
 *         return NULL;
 *     }
 *
 * A message is lower case, has no full stop, names the thing and its value in '...', and never a
 * secret. Context reads from the outside in: "renew identity: connect '10.0.0.1:3025': connection
 * refused". The remedy, what a person can do, is kept apart from it: err_set_hint().
 *
 * Codes are named for what the caller does next, see err_class(). docs/errors.md has the table.
 *
 * Threads: an error belongs to one thread at a time. Out of memory is one static error that may be
 * returned, printed and freed like any other.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum err_code {
    ERR_OK = 0, /* never in an error; what err_code(NULL) gives */

    /* Passing: the same call may succeed later. */
    ERR_UNAVAILABLE, /* nobody answers, or the connection broke */
    ERR_TIMEOUT,     /* the deadline passed first */
    ERR_BUSY,        /* the other side, or a lock, asks us to wait */

    /* The cluster says no: a person must act. Retried slowly. */
    ERR_DENIED,        /* not allowed: a wrong token, a missing role */
    ERR_LOCKED,        /* the bot is locked in the cluster */
    ERR_REJECTED,      /* the request itself was refused as wrong */
    ERR_EXPIRED,       /* a credential, ours or theirs, is past its end */
    ERR_UNTRUSTED,     /* the peer's certificate does not lead to a CA we trust */
    ERR_NOT_FOUND,     /* the named thing does not exist */
    ERR_UNIMPLEMENTED, /* the peer does not know this call */

    /* Something here is wrong: reported, not retried by itself. */
    ERR_USAGE,    /* the command line */
    ERR_CONFIG,   /* the configuration */
    ERR_STORAGE,  /* files, directories, permissions, disk space */
    ERR_PROTOCOL, /* the peer's answer makes no sense */
    ERR_CRYPTO,   /* a key or certificate cannot be used */

    ERR_CANCELLED, /* we were asked to stop */
    ERR_NOMEM,
    ERR_BUG, /* an assumption of ours does not hold */
    ERR_CODE_COUNT
};

/* What a caller does with a code. */
enum err_class {
    ERR_CLASS_PASSING,   /* retry with back-off */
    ERR_CLASS_PERMANENT, /* tell a person, retry slowly or not at all */
    ERR_CLASS_STOP,      /* cancelled */
};

struct err;

#define RESULT __attribute__((warn_unused_result)) struct err *

/* Makes an error with a printf-style message. */
#define err_new(code, ...) err_certain(err_make((code), 0, NULL, __FILE__, __LINE__, __VA_ARGS__))

/* Makes an error from an errno value; its text is appended as ": strerror". */
#define err_sys(code, errnum, ...)                                                                 \
    err_certain(err_make((code), (errnum), NULL, __FILE__, __LINE__, __VA_ARGS__))

/*
 * Puts context in front of `cause`, which it takes over; the code, errno and hint stay. `cause` is
 * evaluated once: it may be TAKE(e).
 */
#define err_wrap(cause, ...)                                                                       \
    err_certain(err_make(ERR_OK, 0, (cause), __FILE__, __LINE__, __VA_ARGS__))

/*
 * As err_wrap(), but the result has `code`. Only out of memory stays what it is: that says nothing of
 * what was being looked at.
 */
#define err_wrap_as(code, cause, ...)                                                              \
    err_certain(err_make((code), 0, (cause), __FILE__, __LINE__, __VA_ARGS__))

/*
 * Makes an ERR_CRYPTO error that carries the first reason in OpenSSL's error queue of this thread,
 * and empties the queue, so that the next call starts clean.
 */
#define err_ossl(...) err_certain(err_make_ossl(__FILE__, __LINE__, __VA_ARGS__))

/*
 * Says to compilers and to the static analyser, which cannot see into err.c, that a made error is
 * never NULL: that where a function returns NULL, it did set its outputs.
 */
static inline struct err *err_certain(struct err *e)
{
    if (!e)
        __builtin_unreachable();
    return e;
}

struct err *err_the_nomem(void);

/* Out of memory. */
static inline struct err *err_nomem(void)
{
    return err_certain(err_the_nomem());
}

/* ERR_OK: the code of `cause`. */
struct err *err_make(enum err_code code, int sys, struct err *cause, const char *file, int line,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));
struct err *err_make_ossl(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the remedy: one full sentence to a person. The hint nearest to the top wins. Returns `e`. */
struct err *err_set_hint(struct err *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Accepts NULL. */
void err_free(struct err *e);

/* Drops an error on purpose; `why` is for the reader of the code. */
static inline void err_ignore(struct err *e, const char *why)
{
    (void)why;
    err_free(e);
}

/* ERR_OK for NULL. */
enum err_code err_code(const struct err *e);

/* The errno that began it, or 0. */
int err_errno(const struct err *e);

/* The remedy nearest to the top, or NULL. Lives as long as `e`. */
const char *err_hint(const struct err *e);

enum err_class err_class(enum err_code code);

/* Stable lower-case name, e.g. "unavailable": used in logs, JSON and metrics. */
const char *err_code_name(enum err_code code);

/* The whole chain "outer: inner: cause" as a new string; NULL when memory is gone. Caller frees. */
char *err_text(const struct err *e);

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        struct err *try_ = (expr);                                                                 \
        if (try_)                                                                                  \
            return try_;                                                                           \
    } while (0)

#define TRY_CTX(expr, ...)                                                                         \
    do {                                                                                           \
        struct err *try_ = (expr);                                                                 \
        if (try_)                                                                                  \
            return err_wrap(try_, __VA_ARGS__);                                                    \
    } while (0)

static inline void err_freep(struct err **e)
{
    err_free(*e);
}

#endif
