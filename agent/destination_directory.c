/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/acl.h"
#include "agent/destination_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WRITE_TEST ".write-test"
#define ACL_TEST_FORMAT ".acl-test-%016" PRIx64
#define ACL_TEST_SIZE sizeof(".acl-test-0123456789abcdef")
#define FILE_MODE 0600

struct directory {
    struct destination_kind kind; /* first: a pointer to it is a pointer to us */
    const struct config_destination *config;
    const struct entropy *entropy;
    char *path; /* absolute */
    char *text;
    bool has_warned_in_place;
    bool gives_readers; /* the ACLs below were tried out and work */
    struct buf file_acl, dir_acl;
};

static RESULT warn(struct destination_report *r, const char *before, const struct err *e,
                   const char *after)
{
    CLEANUP(freep) char *cause = err_text(e);
    CLEANUP(buf_freep) struct buf *text = buf_new(4096);

    if (!cause || !text)
        return err_nomem();
    TRY(buf_printf(text, "%s%s%s", before, cause, after));
    return strlist_add(&r->warnings, buf_str(text));
}

static RESULT note_published(struct directory *d, const struct dir_published *p,
                             struct destination_report *r)
{
    r->changed = p->changed;
    r->in_place = p->in_place;
    if (!p->in_place || d->has_warned_in_place)
        return NULL;
    TRY(strlist_add(&r->warnings, "files here can only be overwritten in place, not replaced: a "
                                  "reader may meet half a file; give the directory to the bot's "
                                  "user to end this"));
    d->has_warned_in_place = true;
    return NULL;
}

static RESULT open_dir(const struct directory *d, struct dir **ret)
{
    return dir_open(d->path, d->config->symlinks, true, ret);
}

/* A file or, for ".", the directory, in a way that lets its ACL be read and set. */
static RESULT open_for_acl(const struct directory *d, struct dir *dir, const char *name,
                           int *ret_fd)
{
    int follow = d->config->symlinks == SYMLINKS_INSECURE ? 0 : O_NOFOLLOW;
    int fd = openat(dir_fd(dir), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);

    if (fd < 0)
        return err_sys(ERR_STORAGE, errno, "open '%s'", name);
    *ret_fd = fd;
    return NULL;
}

static RESULT ensure_acl(const struct directory *d, struct dir *dir, const char *name,
                         const struct buf *acl)
{
    CLEANUP(closep) int fd = -1;
    bool ignored = false;

    TRY(open_for_acl(d, dir, name, &fd));
    TRY_CTX(acl_ensure(fd, buf_bytes(acl), &ignored), "'%s'", name);
    return NULL;
}

static RESULT check_kept(const struct directory *d, struct dir *dir, const char *name)
{
    CLEANUP(closep) int fd = -1;
    CLEANUP(buf_freep) struct buf *now = buf_new(ACL_MAX_SIZE);
    CLEANUP(buf_freep) struct buf *text = buf_new(ACL_MAX_SIZE * 2);

    if (!now || !text)
        return err_nomem();
    TRY(open_for_acl(d, dir, name, &fd));
    TRY(acl_get(fd, now));
    if (now->len == d->file_acl.len && memcmp(now->data, d->file_acl.data, now->len) == 0)
        return NULL;
    if (now->len)
        TRY(acl_print(buf_bytes(now), text));
    return err_new(ERR_STORAGE, "the filesystem kept '%s' instead of the ACL it was given",
                   buf_str(text));
}

/* A random name: nobody can have put a link there for us. */
static RESULT try_out_acl(const struct directory *d, struct dir *dir)
{
    char name[ACL_TEST_SIZE];
    uint64_t random = 0;

    entropy_fill(d->entropy, &random, sizeof(random));
    snprintf(name, sizeof(name), ACL_TEST_FORMAT, random);
    struct dir_file file = {.name = name,
                            .content = bytes_of_str(name),
                            .mode = FILE_MODE,
                            .acl = buf_bytes(&d->file_acl)};

    TRY(dir_publish(dir, &file, 1, NULL));
    struct err *e = check_kept(d, dir, name);
    err_ignore(dir_remove(dir, name), "an empty file with a telling name does no harm");
    return e;
}

static RESULT check_owner(struct dir *dir)
{
    struct stat st;

    if (fstat(dir_fd(dir), &st))
        return err_sys(ERR_STORAGE, errno, "look at the directory");
    if (st.st_uid != geteuid())
        return err_new(ERR_STORAGE, "the directory belongs to user %u, not to the bot's user %u",
                       st.st_uid, geteuid());
    return NULL;
}

static RESULT build_acls(struct directory *d)
{
    CLEANUP(acl_readers_release) struct acl_readers readers = {0};

    TRY(acl_readers_resolve(d->config->readers, d->config->n_readers, &readers));
    buf_clear(&d->file_acl);
    buf_clear(&d->dir_acl);
    TRY(acl_build(&readers, ACL_FOR_FILE, &d->file_acl));
    return acl_build(&readers, ACL_FOR_DIRECTORY, &d->dir_acl);
}

static RESULT set_up_readers(struct directory *d, struct dir *dir)
{
    TRY(build_acls(d));
    TRY(check_owner(dir));
    TRY_CTX(try_out_acl(d, dir), "try out an ACL");
    return ensure_acl(d, dir, ".", &d->dir_acl);
}

static RESULT prepare_readers(struct directory *d, struct dir *dir, struct destination_report *r)
{
    CLEANUP(err_freep) struct err *e = set_up_readers(d, dir);

    d->gives_readers = !e;
    if (!e)
        return NULL;
    if (d->config->acls == CONFIG_ACLS_REQUIRED)
        return err_set_hint(err_wrap(TAKE(e), "give 'readers' access ('acls: required')"),
                            "Use a directory that belongs to the bot's user, on a filesystem with "
                            "POSIX ACLs, and readers that exist; or set 'acls: try'.");
    return warn(r, "'readers' get no access: ", e, "; files stay readable for their owner only");
}

/*
 * Without readers nothing is set: a directory of our own keeps the ACLs somebody gave it. One that
 * is not ours needs them, or who owns it cannot read what we make there.
 */
static RESULT check_foreign(struct directory *d, struct dir *dir, struct destination_report *r)
{
    CLEANUP(err_freep) struct err *e = check_owner(dir);
    CLEANUP(closep) int fd = -1;
    CLEANUP(buf_freep) struct buf *acl = buf_new(ACL_MAX_SIZE);

    if (!e)
        return NULL;
    if (!acl)
        return err_nomem();
    TRY(open_for_acl(d, dir, ".", &fd));
    err_ignore(acl_get(fd, acl), "a filesystem without ACLs has none");
    if (acl->len)
        return NULL;
    if (d->config->acls == CONFIG_ACLS_REQUIRED)
        return err_set_hint(err_wrap(TAKE(e), "there is no ACL ('acls: required')"),
                            "Give the directory to the bot's user, or ACLs for the bot and its "
                            "readers with setfacl(1).");
    return warn(r, "", e, ", and carries no ACL: its owner may not be able to read the files");
}

static RESULT prepare_acls(struct directory *d, struct dir *dir, struct destination_report *r)
{
    if (d->config->acls == CONFIG_ACLS_OFF)
        return NULL;
    return d->config->n_readers ? prepare_readers(d, dir, r) : check_foreign(d, dir, r);
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

static RESULT directory_prepare(struct destination_kind *k, struct destination_report *ret)
{
    struct directory *d = (struct directory *)k;
    CLEANUP(dir_closep) struct dir *dir = NULL;

    TRY(open_dir(d, &dir));
    TRY(test_writing(d, dir, ret));
    return prepare_acls(d, dir, ret);
}

/* The same files, each to be made with the readers' ACL. */
static RESULT with_acl(const struct directory *d, const struct dir_file *files, size_t n,
                       struct dir_file **ret)
{
    struct dir_file *own = calloc(n ? n : 1, sizeof(*own));

    if (!own)
        return err_nomem();
    for (size_t i = 0; i < n; i++) {
        own[i] = files[i];
        own[i].acl = buf_bytes(&d->file_acl);
    }
    *ret = own;
    return NULL;
}

/*
 * A file that did not change kept whatever ACL it had; one that could only be overwritten too. Once
 * the test at start has passed, a failure here is an error under `try` as well.
 */
static RESULT publish_for_readers(struct directory *d, struct dir *dir,
                                  const struct dir_file *files, size_t n, struct dir_published *ret)
{
    CLEANUP(freep) struct dir_file *own = NULL;

    TRY(with_acl(d, files, n, &own));
    TRY(ensure_acl(d, dir, ".", &d->dir_acl));
    TRY(dir_publish(dir, own, n, ret));
    for (size_t i = 0; i < n; i++)
        TRY_CTX(ensure_acl(d, dir, files[i].name, &d->file_acl), "give 'readers' access");
    return NULL;
}

static RESULT directory_publish(struct destination_kind *k, const struct dir_file *files,
                                size_t n_files, struct destination_report *ret)
{
    struct directory *d = (struct directory *)k;
    CLEANUP(dir_closep) struct dir *dir = NULL;
    struct dir_published published = {0};

    TRY(open_dir(d, &dir));
    TRY(d->gives_readers ? publish_for_readers(d, dir, files, n_files, &published)
                         : dir_publish(dir, files, n_files, &published));
    return note_published(d, &published, ret);
}

static RESULT directory_read(struct destination_kind *k, const char *name, struct secret **ret)
{
    struct directory *d = (struct directory *)k;
    CLEANUP(dir_closep) struct dir *dir = NULL;

    TRY(dir_open(d->path, d->config->symlinks, false, &dir));
    return dir_read_secret(dir, name, DESTINATION_MAX_FILE_SIZE, ret);
}

static void directory_free(struct destination_kind *k)
{
    struct directory *d = (struct directory *)k;

    buf_release(&d->file_acl);
    buf_release(&d->dir_acl);
    free(d->path);
    free(d->text);
    free(d);
}

static void free_kind(struct directory **d)
{
    if (*d)
        directory_free(&(*d)->kind);
}

/* Made absolute once: ssh reads our paths from anywhere, and we may change directory. */
static RESULT absolute(const char *path, char **ret)
{
    CLEANUP(freep) char *here = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
    char *whole = NULL;

    if (!here)
        return err_sys(ERR_STORAGE, errno, "find the current directory");
    if (asprintf(&whole, "%s%s%s", here, path[0] == '/' ? "" : "/", path) < 0)
        return err_nomem();
    *ret = whole;
    return NULL;
}

RESULT destination_directory_new(const struct config_destination *config,
                                 const struct entropy *entropy, struct destination_kind **ret)
{
    CLEANUP(free_kind) struct directory *d = calloc(1, sizeof(*d));

    if (!d)
        return err_nomem();
    d->config = config;
    d->entropy = entropy;
    d->file_acl = d->dir_acl = BUF_INIT(ACL_MAX_SIZE);
    TRY(absolute(config->path, &d->path));
    if (asprintf(&d->text, "directory '%s'", d->path) < 0) {
        d->text = NULL;
        return err_nomem();
    }
    d->kind = (struct destination_kind) {
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
