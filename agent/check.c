/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/check.h"

#include "agent/check_private.h"
#include "identity/pki/credentials.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_SIZE 2048 /* longer texts are cut */

const char *check_status_name(enum check_status status)
{
    static const char *const names[CHECK_STATUS_COUNT] = {"ok", "warning", "failed", "not_tried"};
    return names[status];
}

void check_add(struct check *c, const struct check_result *r)
{
    c->failed += r->status == CHECK_FAILED;
    c->warnings += r->status == CHECK_WARNING;
    c->sink->add(c->sink->arg, r);
}

static void tell(struct check *c, const struct check_point *at, enum check_status status,
                 const char *hint, const char *format, va_list args)
{
    char message[MESSAGE_SIZE];
    if (vsnprintf(message, sizeof(message), format, args) < 0)
        message[0] = '\0';
    check_add(c, &(struct check_result){.name = at->name,
                                        .subject = at->subject,
                                        .status = status,
                                        .message = message,
                                        .hint = hint});
}

void check_ok(struct check *c, const struct check_point *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(c, at, CHECK_OK, NULL, format, args);
    va_end(args);
}

void check_skip(struct check *c, const struct check_point *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(c, at, CHECK_NOT_TRIED, NULL, format, args);
    va_end(args);
}

void check_warn(struct check *c, const struct check_point *at, const char *hint, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    tell(c, at, CHECK_WARNING, hint, format, args);
    va_end(args);
}

void check_fail(struct check *c, const struct check_point *at, const char *hint, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    tell(c, at, CHECK_FAILED, hint, format, args);
    va_end(args);
}

void check_err(struct check *c, const struct check_point *at, enum check_status status,
               struct err *e)
{
    CLEANUP(err_freep) struct err *owned = e;
    CLEANUP(freep) char *text = err_text(owned);
    check_add(c, &(struct check_result){.name = at->name,
                                        .subject = at->subject,
                                        .status = status,
                                        .message = text ? text : "out of memory",
                                        .code = err_code_name(err_code(owned)),
                                        .hint = err_hint(owned)});
}

void check_release(struct check *c)
{
    credentials_free(c->stored);
    c->stored = NULL;
}

/* The storage first: whether there is an identity decides how much a missing token matters. */
void check_here(struct check *c, const struct check_subject *subject)
{
    const struct config *config = subject->config;
    check_config(c, subject);
    check_storage(c, config);
    check_token(c, config);
    check_trust(c, config);
    for (size_t i = 0; i < config->n_services; i++) {
        check_output(c, &config->services[i]);
        check_hook(c, &config->services[i]);
    }
    check_clash(c, config);
}
