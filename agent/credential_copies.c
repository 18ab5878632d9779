/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/credential_copies.h"

#include "agent/service_job.h"
#include "base/dir.h"

#include <string.h>

/* Asked every second by somebody who watches, it looks every other time. */
#define MAX_AGE dur_s(2)

/* Longer than any certificate; a disk that takes as long hangs. */
#define FILE_SIZE_MAX ((size_t)1024 * 1024)
#define LOOK_LIMIT dur_s(10)

struct copy {
    char *dir;
    enum credential_kind kind;
    char sha256[SHA256_HEX_SIZE];
    enum diag_copy state;
};

struct copies {
    struct copy *items;
    size_t len;
};

struct credential_copies {
    struct credential_copies_config c;
    struct copies seen; /* by the last look */
    struct now seen_at;

    struct service_job job;
    struct copies looked_at; /* a worker's until the job is done */
};

static void copies_release(struct copies *c)
{
    for (size_t i = 0; i < c->len; i++)
        free(c->items[i].dir);
    free(c->items);
    *c = (struct copies){0};
}

static struct err *read_hash(const char *path, const char *file, char ret[SHA256_HEX_SIZE])
{
    CLEANUP(dir_closep) struct dir *dir = NULL;
    CLEANUP(buf_freep) struct buf *content = NULL;
    TRY(dir_open_as_is(path, SYMLINKS_INSECURE, &dir));
    TRY(dir_read(dir, file, FILE_SIZE_MAX, &content));
    return sha256_hex(buf_bytes(content), ret);
}

/* A file that we wrote and cannot read any more is somebody else's. */
static enum diag_copy look_at(const struct copy *c)
{
    char now[SHA256_HEX_SIZE];
    CLEANUP(err_freep) struct err *e = read_hash(c->dir, credential_kind_file(c->kind), now);
    if (err_code(e) == ERR_NOT_FOUND)
        return DIAG_COPY_MISSING;
    if (err_code(e) == ERR_NOMEM)
        return DIAG_COPY_UNKNOWN;
    return !e && strcmp(now, c->sha256) == 0 ? DIAG_COPY_SAME : DIAG_COPY_DIFFERS;
}

static void run(void *arg)
{
    struct credential_copies *c = arg;
    for (size_t i = 0; i < c->looked_at.len; i++)
        c->looked_at.items[i].state = look_at(&c->looked_at.items[i]);
}

static void on_done(void *arg)
{
    struct credential_copies *c = arg;
    copies_release(&c->seen);
    c->seen = c->looked_at;
    c->looked_at = (struct copies){0};
    c->seen_at = loop_now(c->c.loop);
    c->c.looked(c->c.arg);
}

RESULT credential_copies_new(const struct credential_copies_config *config,
                             struct credential_copies **ret)
{
    struct credential_copies *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    c->c = *config;
    c->job = (struct service_job){.loop = config->loop,
                                  .clock = config->clock,
                                  .pool = config->workers,
                                  .log = config->log,
                                  .name = "diag",
                                  .run = run,
                                  .done = on_done,
                                  .arg = c};
    *ret = c;
    return NULL;
}

void credential_copies_free(struct credential_copies *c)
{
    if (!c)
        return;
    service_job_release(&c->job);
    copies_release(&c->looked_at);
    copies_release(&c->seen);
    free(c);
}

static struct err *add(struct copies *to, const struct credential_view *view,
                       enum credential_kind kind)
{
    struct copy *c = &to->items[to->len];
    *c = (struct copy){.dir = strdup(view->dir), .kind = kind};
    if (!c->dir)
        return err_nomem();
    memcpy(c->sha256, view->facts->of[kind].sha256, sizeof(c->sha256));
    to->len++;
    return NULL;
}

static bool is_in_file(const struct credential_view *view, enum credential_kind kind)
{
    return view->dir && view->facts && view->facts->of[kind].serial;
}

static struct err *list(const struct credential_view *views, size_t n_views, struct copies *ret)
{
    CLEANUP(copies_release)
    struct copies all = {.items = calloc(n_views * CREDENTIAL_KINDS + 1, sizeof(*all.items))};
    if (!all.items)
        return err_nomem();
    for (size_t i = 0; i < n_views * CREDENTIAL_KINDS; i++) {
        const struct credential_view *view = &views[i / CREDENTIAL_KINDS];
        enum credential_kind kind = (enum credential_kind)(i % CREDENTIAL_KINDS);
        if (is_in_file(view, kind))
            TRY(add(&all, view, kind));
    }
    *ret = all;
    all = (struct copies){0};
    return NULL;
}

static const struct copy *find(const struct credential_copies *c,
                               const struct credential_view *view, enum credential_kind kind)
{
    for (size_t i = 0; is_in_file(view, kind) && i < c->seen.len; i++) {
        const struct copy *copy = &c->seen.items[i];
        if (copy->kind == kind && strcmp(copy->dir, view->dir) == 0 &&
            strcmp(copy->sha256, view->facts->of[kind].sha256) == 0)
            return copy;
    }
    return NULL;
}

static bool is_fresh(const struct credential_copies *c, const struct credential_view *views,
                     size_t n_views)
{
    struct dur age = mono_diff(loop_now(c->c.loop).mono, c->seen_at.mono);
    if (c->seen_at.wall.ns == WALL_NONE.ns || age.ns >= MAX_AGE.ns)
        return false;
    for (size_t i = 0; i < n_views; i++) {
        if (is_in_file(&views[i], CREDENTIAL_X509) && !find(c, &views[i], CREDENTIAL_X509))
            return false; /* renewed since */
    }
    return true;
}

bool credential_copies_look(struct credential_copies *c, const struct credential_view *views,
                            size_t n_views)
{
    if (c->job.is_busy)
        return false;
    if (is_fresh(c, views, n_views))
        return true;
    CLEANUP(err_freep) struct err *e = list(views, n_views, &c->looked_at);
    if (e)
        return true;
    service_job_start(&c->job, LOOK_LIMIT);
    return false;
}

enum diag_copy credential_copies_get(const struct credential_copies *c,
                                     const struct credential_view *view, enum credential_kind kind,
                                     struct wall *ret_seen_at)
{
    const struct copy *copy = find(c, view, kind);
    if (copy && copy->state == DIAG_COPY_DIFFERS && view->is_busy)
        copy = NULL; /* it may be our own, from a renewal that is not told of yet */
    *ret_seen_at = copy ? c->seen_at.wall : WALL_NONE;
    return copy ? copy->state : DIAG_COPY_UNKNOWN;
}
