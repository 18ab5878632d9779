/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/turn.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

struct turn {
    unsigned refs;
    int fd;                /* readable once ended */
    atomic_bool has_ended; /* publishes what follows */
    enum err_code code;
    char *text;
    char *hint;
};

RESULT turn_new(struct turn **ret)
{
    struct turn *t = calloc(1, sizeof(*t));
    if (!t)
        return err_nomem();
    t->refs = 1;
    t->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->fd < 0) {
        free(t);
        return err_sys(ERR_UNAVAILABLE, errno, "eventfd");
    }
    *ret = t;
    return NULL;
}

struct turn *turn_ref(struct turn *t)
{
    t->refs++;
    return t;
}

void turn_free(struct turn *t)
{
    if (!t || --t->refs > 0)
        return;
    close(t->fd);
    free(t->text);
    free(t->hint);
    free(t);
}

void turn_end(struct turn *t, const struct err *e)
{
    const char *hint = e ? err_hint(e) : NULL;
    t->code = err_code(e);
    t->text = e ? err_text(e) : NULL;
    t->hint = hint ? strdup(hint) : NULL;
    atomic_store(&t->has_ended, true);
    eventfd_write(t->fd, 1);
}

RESULT turn_wait(struct turn *t, const struct ctx *ctx)
{
    return ctx_wait_fd(ctx, t->fd, POLLIN);
}

RESULT turn_outcome(const struct turn *t)
{
    if (!atomic_load(&t->has_ended) || t->code == ERR_OK || t->code == ERR_TIMEOUT ||
        t->code == ERR_CANCELLED)
        return NULL;
    struct err *e = err_new(t->code, "%s", t->text ? t->text : "no memory for the reason");
    return t->hint ? err_set_hint(e, "%s", t->hint) : e;
}
