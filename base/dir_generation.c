/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation.h"

#include "base/dir_generation_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

RESULT dir_generation_open(struct dir *d, struct dir **ret)
{
    char name[DIR_GENERATION_NAME_SIZE];

    TRY(dir_generation_link_current(d, name));
    if (!*name)
        return err_new(ERR_NOT_FOUND, "'%s' has no generation of files yet", d->path);
    return dir_generation_make_open(d, name, ret);
}

bool dir_generation_has(struct dir *d, const char *name)
{
    enum dir_generation_at at = DIR_AT_NOTHING;
    struct err *e = dir_generation_link_look(d, name, &at);

    err_ignore(e, "who opens it as a file will be told");
    return at == DIR_AT_LINK;
}

static RESULT find_plain(const struct dir *d, const struct dir_file *files, size_t n, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < n && !*ret; i++) {
        enum dir_generation_at at;
        TRY(dir_generation_link_look(d, files[i].name, &at));
        *ret = at == DIR_AT_PLAIN;
    }
    return NULL;
}

static RESULT check_name(const struct dir *d, const char *name)
{
    enum dir_generation_at at;

    TRY(dir_check_name(d, name));
    TRY(dir_generation_link_look(d, name, &at));
    if (at != DIR_AT_OTHER)
        return NULL;
    return err_set_hint(
        err_new(ERR_STORAGE, "'%s/%s' is neither a file nor a link that tbot made", d->path, name),
        "Take it away: tbot puts a symbolic link of its own there.");
}

/* Names must be free for our links before anything is changed. */
static RESULT check_names(const struct dir *d, const struct dir_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TRY(check_name(d, files[i].name));
    return NULL;
}

static RESULT adopt(const struct dir *d, const char *name, const struct dir *gen)
{
    if (unlinkat(gen->fd, name, 0) != 0 && errno != ENOENT)
        return dir_error(gen, name, errno, "remove");
    if (linkat(d->fd, name, gen->fd, name, 0) != 0)
        return dir_error(d, name, errno, "make a hard link to");
    return NULL;
}

/* Plain files win over those of the generation: somebody wrote them since. */
static RESULT adopt_plain(const struct dir *d, const struct dir_file *files, size_t n,
                          const struct dir *gen)
{
    for (size_t i = 0; i < n; i++) {
        enum dir_generation_at at;
        TRY(dir_generation_link_look(d, files[i].name, &at));
        if (at == DIR_AT_PLAIN)
            TRY(adopt(d, files[i].name, gen));
    }
    return NULL;
}

/* From here on readers see it. */
static RESULT put_into_force(struct dir *d, struct dir *gen, const char *name)
{
    TRY(dir_sync(gen));
    TRY(dir_sync(d));
    TRY(dir_generation_link_place(d, DIR_GENERATION_DATA, name));
    TRY(dir_sync(d));
    return dir_generation_link_all(d, gen);
}

/* A copy of the present generation, as a base for the next. */
static RESULT begin_next(struct dir *d, const struct dir_file *files, size_t n, struct dir **ret,
                         char ret_name[DIR_GENERATION_NAME_SIZE])
{
    CLEANUP(dir_closep) struct dir *present = NULL, *next = NULL;
    char name[DIR_GENERATION_NAME_SIZE];

    TRY(dir_generation_link_current(d, name));
    TRY(dir_generation_make_present(d, &present));
    TRY(dir_generation_make(d, name, &next, ret_name));
    if (present)
        TRY(dir_generation_make_copy(next, present));
    TRY(adopt_plain(d, files, n, next));
    *ret = TAKE(next);
    return NULL;
}

/* Names that were lost, or not yet made when a run was interrupted. */
static RESULT complete(struct dir *d)
{
    CLEANUP(dir_closep) struct dir *present = NULL;

    TRY(dir_generation_make_present(d, &present));
    return present ? dir_generation_link_all(d, present) : NULL;
}

/* A generation of what is there already, so that plain files can become links to themselves. */
static RESULT publish_as_it_is(struct dir *d, const struct dir_file *files, size_t n)
{
    CLEANUP(dir_closep) struct dir *next = NULL;
    char name[DIR_GENERATION_NAME_SIZE];

    TRY(begin_next(d, files, n, &next, name));
    return put_into_force(d, next, name);
}

static RESULT publish_next(struct dir *d, const struct dir_file *files, size_t n,
                           struct dir_published *ret)
{
    CLEANUP(dir_closep) struct dir *next = NULL;
    char name[DIR_GENERATION_NAME_SIZE];

    TRY(begin_next(d, NULL, 0, &next, name));
    TRY(dir_publish(next, files, n, ret));
    return ret->changed > 0 || d->owes_sync ? put_into_force(d, next, name) : complete(d);
}

/* A file that somebody put there meanwhile was not replaced, and hides ours. */
static RESULT check_links(const struct dir *d, const struct dir_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum dir_generation_at at;
        TRY(dir_generation_link_look(d, files[i].name, &at));
        if (at != DIR_AT_LINK)
            return err_new(ERR_STORAGE, "'%s/%s' was taken by somebody else at the same time",
                           d->path, files[i].name);
    }
    return NULL;
}

static RESULT publish(struct dir *d, const struct dir_file *files, size_t n,
                      struct dir_published *ret)
{
    bool has_plain = false;

    TRY(check_names(d, files, n));
    TRY(find_plain(d, files, n, &has_plain));
    if (has_plain)
        TRY(publish_as_it_is(d, files, n));
    TRY(publish_next(d, files, n, ret));
    return check_links(d, files, n);
}

RESULT dir_generation_publish(struct dir *d, const struct dir_file *files, size_t n_files,
                              struct dir_published *ret)
{
    struct dir_published done = {0};
    struct err *e = publish(d, files, n_files, &done);

    dir_generation_make_prune(d);
    if (!e && ret)
        *ret = done;
    return e;
}

/* Every operation that publishing needs, without consequences. */
static RESULT try_links(struct dir *d, const char *trial)
{
    CLEANUP(dir_closep) struct dir *next = NULL;
    char generation[DIR_GENERATION_NAME_SIZE];
    const struct dir_file file = {.name = trial, .mode = 0600};

    TRY(begin_next(d, NULL, 0, &next, generation));
    TRY(dir_publish(next, &file, 1, NULL));
    TRY(dir_generation_link_place(d, trial, generation));
    return dir_generation_link_replace(d, trial, next);
}

static RESULT try_out(struct dir *d)
{
    char trial[DIR_TEMP_SIZE];

    dir_temp_name(trial);
    struct err *e = try_links(d, trial);
    err_ignore(dir_remove(d, trial), "the next dir_open() does");
    return e;
}

RESULT dir_generation_prepare(struct dir *d)
{
    struct err *e = complete(d);

    if (!e)
        e = try_out(d);
    dir_generation_make_prune(d);
    return e;
}
