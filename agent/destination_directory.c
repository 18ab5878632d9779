/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/absolute_path.h"
#include "agent/destination_kind.h"
#include "agent/destination_readers.h"
#include "base/dir_generation.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define WRITE_TEST ".write-test"
#define FILE_MODE 0600

struct directory {
    struct destination_kind kind; /* first: a pointer to it is a pointer to us */
    const struct config_destination *config;
    char *path; /* absolute */
    char *text;
    bool has_warned_in_place;
    struct destination_readers readers;
};

static RESULT note_published(struct directory *d, const struct dir_published *p,
                             struct destination_report *r)
{
    r->changed = p->changed;
    r->in_place = p->in_place;
    if (!p->in_place || d->has_warned_in_place)
        return NULL;
    TRY(strlist_add(
        &r->warnings,
        "files here can only be overwritten in place, not replaced: a reader may meet half "
        "a file; to end this, give the directory to the bot's user and let no file in it "
        "be a link or a mount"));
    d->has_warned_in_place = true;
    return NULL;
}

/* What the permissions say of the path, or of the nearest directory above it that is there. */
static bool is_permitted(const char *path)
{
    CLEANUP(freep) char *at = strdup(path);
    if (!at)
        return false;
    while (faccessat(AT_FDCWD, at, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
        char *slash = strrchr(at, '/');
        if (errno != ENOENT || slash == at)
            return false;
        *slash = '\0';
    }
    return true;
}

/* Whoever looks at the modes would find nothing wrong. */
static struct err *explain(const struct directory *d, struct err *e)
{
    if (err_errno(e) != EACCES || !is_permitted(d->path))
        return e;
    return err_set_hint(e,
                        "The permissions of '%s' are enough. If it was removed, made again or "
                        "mounted over since the start, the sandbox denies it: restart tbot.",
                        d->path);
}

static RESULT open_dir(const struct directory *d, struct dir **ret)
{
    return dir_open(d->path, d->config->symlinks, true, ret);
}

/*
 * What is as it should be is left alone, so the content alternates between nothing and a newline:
 * each start really writes, in the very way a renewal will.
 */
static RESULT test_writing(struct directory *d, struct dir *dir, struct destination_report *r)
{
    CLEANUP(buf_freep) struct buf *now = NULL;
    struct dir_published published = {0};

    err_ignore(dir_read(dir, WRITE_TEST, 16, &now), "missing or odd, it is written next");
    struct dir_file file = {
        .name = WRITE_TEST,
        .content = bytes_of_str(now && !now->len ? "\n" : ""),
        .mode = FILE_MODE,
    };
    struct err *e = dir_publish(dir, &file, 1, &published);
    if (e)
        return err_set_hint(err_wrap(e, "test that it can be written"),
                            "The bot's user needs the right to create files in '%s', or to write "
                            "to files that were made there for it.",
                            d->path);
    TRY(note_published(d, &published, r));
    r->changed = 0;
    return NULL;
}

static RESULT turn_links_back(struct dir *dir)
{
    TRY_CTX(dir_generation_dissolve(dir), "turn the links of 'atomic: symlink' back into files");
    return NULL;
}

/* Whoever changes `atomic` in the configuration changes what is in the directory, too. */
static RESULT prepare_layout(const struct directory *d, struct dir *dir)
{
    if (d->config->atomic == CONFIG_ATOMIC_OFF)
        return turn_links_back(dir);
    struct err *e = dir_generation_prepare(dir);
    if (!e)
        return NULL;
    bool may_heal = err_errno(e) == ENOSPC || err_errno(e) == EDQUOT;
    e = err_wrap(e, "try out 'atomic: symlink'");
    if (err_errno(e) == 0 || may_heal) /* its own hint says it better */
        return e;
    return err_set_hint(e, "It needs a directory that belongs to the bot's user, on a filesystem "
                           "with symbolic and hard links. Where that cannot be, set 'atomic: off': "
                           "then each file is replaced by itself.");
}

static RESULT prepare(struct directory *d, struct destination_report *ret)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;

    TRY(open_dir(d, &dir));
    TRY(test_writing(d, dir, ret));
    TRY(destination_readers_prepare(&d->readers, dir, ret));
    return prepare_layout(d, dir);
}

static RESULT directory_prepare(struct destination_kind *k, struct destination_report *ret)
{
    struct directory *d = (struct directory *)k;
    return explain(d, prepare(d, ret));
}

static RESULT publish(struct directory *d, const struct dir_file *files, size_t n_files,
                      struct destination_report *ret)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;
    struct dir_published published = {0};

    TRY(open_dir(d, &dir));
    TRY(destination_readers_publish(&d->readers, dir, files, n_files, &published));
    return note_published(d, &published, ret);
}

static RESULT directory_publish(struct destination_kind *k, const struct dir_file *files,
                                size_t n_files, struct destination_report *ret)
{
    struct directory *d = (struct directory *)k;
    return explain(d, publish(d, files, n_files, ret));
}

/* What a reader of that name gets, be it a file or, verified, a link of ours. */
static RESULT directory_read(struct destination_kind *k, const char *name, struct secret **ret)
{
    struct directory *d = (struct directory *)k;
    CLEANUP(dir_closep) struct dir *dir = NULL, *generation = NULL;

    TRY(dir_open(d->path, d->config->symlinks, false, &dir));
    if (dir_generation_has(dir, name))
        TRY(dir_generation_open(dir, &generation));
    return dir_read_secret(generation ? generation : dir, name, DESTINATION_MAX_FILE_SIZE, ret);
}

static void directory_free(struct destination_kind *k)
{
    struct directory *d = (struct directory *)k;

    destination_readers_release(&d->readers);
    free(d->path);
    free(d->text);
    free(d);
}

static void free_kind(struct directory **d)
{
    if (*d)
        directory_free(&(*d)->kind);
}

RESULT destination_directory_new(const struct config_destination *config,
                                 const struct entropy *entropy, struct destination_kind **ret)
{
    CLEANUP(free_kind) struct directory *d = calloc(1, sizeof(*d));

    if (!d)
        return err_nomem();
    d->config = config;
    destination_readers_init(&d->readers, config, entropy);
    TRY(absolute_path(config->path, &d->path)); /* ssh reads our paths from anywhere */
    TRY(text_format(&d->text, "directory '%s'", d->path));
    d->kind = (struct destination_kind){
        .text = d->text,
        .dir = d->path,
        .free = directory_free,
        .prepare = directory_prepare,
        .publish = directory_publish,
        .read = directory_read,
    };
    *ret = &TAKE(d)->kind;
    return NULL;
}
