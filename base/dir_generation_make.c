/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define TRIES 100

RESULT dir_generation_make_open(const struct dir *d, const char *name, struct dir **ret)
{
    TRY(dir_open_below(d, name, ret));
    (*ret)->replace_only = true; /* its files are hard links */
    return NULL;
}

RESULT dir_generation_make_present(struct dir *d, struct dir **ret)
{
    struct err *e = dir_generation_open(d, ret);

    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "there is none yet, or somebody took it away");
        return NULL;
    }
    return e;
}

/* Takes it before a cleaner does: one that met it first has removed it. */
static bool lock_new(const struct dir *gen)
{
    struct stat st;

    (void)flock(gen->fd, LOCK_EX);
    return fstat(gen->fd, &st) == 0 && st.st_nlink > 0;
}

static RESULT make_one(const struct dir *d, const char *name, struct dir **ret)
{
    CLEANUP(dir_closep) struct dir *gen = NULL;

    if (mkdirat(d->fd, name, 0700) != 0)
        return dir_error(d, name, errno, "create");
    TRY(dir_generation_make_open(d, name, &gen));
    if (!lock_new(gen))
        return dir_error(d, name, EEXIST, "create");
    if (dir_temp_copy_metadata(d->fd, gen->fd) != 0)
        return dir_error(d, name, errno, "give the directory's owner and permissions to");
    *ret = TAKE(gen);
    return NULL;
}

RESULT dir_generation_make(const struct dir *d, const char *after, struct dir **ret,
                           char ret_name[DIR_GENERATION_NAME_SIZE])
{
    char last[DIR_GENERATION_NAME_SIZE];
    struct err *e = NULL;

    snprintf(last, sizeof(last), "%s", after);
    for (int tries = 0; tries < TRIES; tries++) {
        err_free(e);
        dir_generation_name_next(clock_wall(clock_system()), last, ret_name);
        e = make_one(d, ret_name, ret);
        /* Somebody else makes one, or a cleaner took ours away: the next one then. */
        if (err_errno(e) != EEXIST && err_errno(e) != ENOENT)
            return e;
        memcpy(last, ret_name, sizeof(last));
    }
    return e;
}

struct copying {
    const struct dir *gen, *from;
};

static RESULT copy_one(void *arg, const char *name)
{
    const struct copying *c = arg;
    enum dir_generation_at at;

    TRY(dir_generation_link_look(c->from, name, &at));
    if (at == DIR_AT_PLAIN && linkat(c->from->fd, name, c->gen->fd, name, 0) != 0)
        return dir_error(c->from, name, errno, "make a hard link to");
    return NULL;
}

RESULT dir_generation_make_copy(const struct dir *gen, const struct dir *from)
{
    struct copying c = {gen, from};

    return dir_each(from, copy_one, &c);
}

/* What the cleaner knows: the one in force, and the greatest before it. */
struct pruning {
    const struct dir *d;
    char current[DIR_GENERATION_NAME_SIZE];
    char previous[DIR_GENERATION_NAME_SIZE];
};

static RESULT note_previous(void *arg, const char *name)
{
    struct pruning *p = arg;

    if (dir_generation_name_is_ours(name) && strcmp(name, p->current) < 0 &&
        strcmp(name, p->previous) > 0)
        memcpy(p->previous, name, sizeof(p->previous));
    return NULL;
}

static RESULT remove_file(void *arg, const char *name)
{
    const struct dir *gen = arg;

    (void)unlinkat(gen->fd, name, 0);
    return NULL;
}

/* With the lock: nobody is building it, and nobody has put it into force since we looked. */
static bool is_removable(const struct pruning *p, const char *name, const struct dir *gen)
{
    char now[DIR_GENERATION_NAME_SIZE];

    if (flock(gen->fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    struct err *e = dir_generation_link_current(p->d, now);
    bool is_same = !e && strcmp(now, p->current) == 0;
    err_ignore(e, "what is not known to be old stays");
    return is_same && strcmp(name, p->current) != 0 && strcmp(name, p->previous) != 0;
}

static RESULT prune_one(void *arg, const char *name)
{
    const struct pruning *p = arg;
    CLEANUP(dir_closep) struct dir *gen = NULL;

    if (!dir_generation_name_is_ours(name))
        return NULL;
    struct err *e = dir_generation_make_open(p->d, name, &gen);
    if (!e && is_removable(p, name, gen)) {
        e = dir_each(gen, remove_file, gen);
        (void)unlinkat(p->d->fd, name, AT_REMOVEDIR);
    }
    err_ignore(e, "best effort");
    return NULL;
}

void dir_generation_make_prune(const struct dir *d)
{
    struct pruning p = {.d = d};
    struct err *e = dir_generation_link_current(d, p.current);

    if (!e)
        e = dir_each(d, note_previous, &p);
    if (!e)
        e = dir_each(d, prune_one, &p);
    err_ignore(e, "best effort");
}
