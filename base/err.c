/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err {
    enum err_code code;
    int sys;
    char *message;
    char *hint;
    struct err *cause;
};

static char nomem_message[] = "out of memory";
static struct err nomem = {.code = ERR_NOMEM, .message = nomem_message};

struct err *err_the_nomem(void)
{
    return &nomem;
}

void err_free(struct err *e)
{
    while (e && e != &nomem) {
        struct err *cause = e->cause;
        free(e->message);
        free(e->hint);
        free(e);
        e = cause;
    }
}

/* The message with what the code or errno adds to it. Takes `head`. */
static char *message_complete(char *head, enum err_code code, int sys, const char *file, int line)
{
    char text[128];
    char *whole = NULL;
    int n;

    if (!head)
        return NULL;
    if (code == ERR_BUG) {
        const char *slash = strrchr(file, '/');
        n = asprintf(&whole, "%s (%s:%d)", head, slash ? slash + 1 : file, line);
    } else if (sys) {
        n = asprintf(&whole, "%s: %s", head, strerror_r(sys, text, sizeof(text)));
    } else {
        return head;
    }
    free(head);
    return n < 0 ? NULL : whole;
}

static char *format_message(const char *format, va_list ap)
{
    char *s = NULL;
    return vasprintf(&s, format, ap) < 0 ? NULL : s;
}

/* Takes `message` and `cause`. */
static struct err *err_assemble(enum err_code code, int sys, struct err *cause, char *message)
{
    struct err *e = message ? calloc(1, sizeof(*e)) : NULL;

    if (!e) {
        free(message);
        err_free(cause);
        return &nomem;
    }
    *e = (struct err){.code = code, .sys = sys, .message = message, .cause = cause};
    return e;
}

struct err *err_make(enum err_code code, int sys, struct err *cause, const char *file, int line,
                     const char *format, ...)
{
    if (code == ERR_OK || err_code(cause) == ERR_NOMEM)
        code = err_code(cause);
    assert(code > ERR_OK && code < ERR_CODE_COUNT);
    va_list ap;
    va_start(ap, format);
    char *message = format_message(format, ap);
    va_end(ap);
    /* A cause that was a bug has said where already. */
    enum err_code shown = cause ? ERR_OK : code;
    return err_assemble(code, sys, cause, message_complete(message, shown, sys, file, line));
}

/* The first entry is the nearest to what went wrong; later ones are OpenSSL's own callers. */
static void ossl_reason(char *out, size_t size)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (reason)
        snprintf(out, size, "%s", reason);
    else if (code && ERR_SYSTEM_ERROR(code))
        snprintf(out, size, "%s", strerror(ERR_GET_REASON(code)));
    else
        snprintf(out, size, "OpenSSL gives no reason");
    ERR_clear_error();
}

struct err *err_make_ossl(const char *file, int line, const char *format, ...)
{
    char reason[160];
    ossl_reason(reason, sizeof(reason));
    va_list ap;
    va_start(ap, format);
    char *message = format_message(format, ap);
    va_end(ap);
    if (!message)
        return &nomem;
    struct err *e = err_make(ERR_CRYPTO, 0, NULL, file, line, "%s: %s", message, reason);
    free(message);
    return e;
}

struct err *err_set_hint(struct err *e, const char *format, ...)
{
    if (!e || e == &nomem)
        return e;
    va_list ap;
    va_start(ap, format);
    char *hint = format_message(format, ap);
    va_end(ap);
    if (hint) { /* without memory the old one is better than none */
        free(e->hint);
        e->hint = hint;
    }
    return e;
}

enum err_code err_code(const struct err *e)
{
    return e ? e->code : ERR_OK;
}

int err_errno(const struct err *e)
{
    int sys = 0;
    for (; e; e = e->cause)
        sys = e->sys ? e->sys : sys;
    return sys;
}

const char *err_hint(const struct err *e)
{
    while (e && !e->hint)
        e = e->cause;
    return e ? e->hint : NULL;
}

static const struct {
    const char *name;
    enum err_class class;
} codes[ERR_CODE_COUNT] = {
    [ERR_OK] = {"ok", ERR_CLASS_PASSING},
    [ERR_UNAVAILABLE] = {"unavailable", ERR_CLASS_PASSING},
    [ERR_TIMEOUT] = {"timeout", ERR_CLASS_PASSING},
    [ERR_BUSY] = {"busy", ERR_CLASS_PASSING},
    [ERR_DENIED] = {"denied", ERR_CLASS_PERMANENT},
    [ERR_LOCKED] = {"locked", ERR_CLASS_PERMANENT},
    [ERR_REJECTED] = {"rejected", ERR_CLASS_PERMANENT},
    [ERR_EXPIRED] = {"expired", ERR_CLASS_PERMANENT},
    [ERR_UNTRUSTED] = {"untrusted", ERR_CLASS_PERMANENT},
    [ERR_NOT_FOUND] = {"not_found", ERR_CLASS_PERMANENT},
    [ERR_UNIMPLEMENTED] = {"unimplemented", ERR_CLASS_PERMANENT},
    [ERR_USAGE] = {"usage", ERR_CLASS_PERMANENT},
    [ERR_CONFIG] = {"config", ERR_CLASS_PERMANENT},
    [ERR_STORAGE] = {"storage", ERR_CLASS_PERMANENT},
    [ERR_PROTOCOL] = {"protocol", ERR_CLASS_PERMANENT},
    [ERR_CRYPTO] = {"crypto", ERR_CLASS_PERMANENT},
    [ERR_CANCELLED] = {"cancelled", ERR_CLASS_STOP},
    [ERR_NOMEM] = {"nomem", ERR_CLASS_PASSING}, /* memory comes back; the agent goes on */
    [ERR_BUG] = {"bug", ERR_CLASS_PERMANENT},
};

enum err_class err_class(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].class : ERR_CLASS_PERMANENT;
}

const char *err_code_name(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].name : "unknown";
}

char *err_text(const struct err *e)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (const struct err *at = e; at; at = at->cause)
        fprintf(out, "%s%s", at->message, at->cause ? ": " : "");
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
