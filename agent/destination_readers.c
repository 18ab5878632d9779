/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/destination_readers.h"

#include "agent/acl.h"
#include "base/dir_generation.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A name of the form of dir.h's own temporaries: what a crash leaves, the next dir_open() removes. */
#define ACL_TEST_FORMAT ".tbot-%08" PRIx32 ".tmp"
#define ACL_TEST_SIZE sizeof(".tbot-12345678.tmp")
#define FILE_MODE 0600

void destination_readers_init(struct destination_readers *r,
                              const struct config_destination *config,
                              const struct entropy *entropy)
{
    *r = (struct destination_readers){
        .config = config,
        .entropy = entropy,
        .file_acl = BUF_INIT(ACL_MAX_SIZE),
        .dir_acl = BUF_INIT(ACL_MAX_SIZE),
    };
}

void destination_readers_release(struct destination_readers *r)
{
    buf_release(&r->file_acl);
    buf_release(&r->dir_acl);
}

/* A file or, for ".", the directory, in a way that lets its ACL be read and set. */
static RESULT open_for_acl(const struct destination_readers *r, struct dir *dir, const char *name,
                           int *ret_fd)
{
    int follow = r->config->symlinks == SYMLINKS_INSECURE ? 0 : O_NOFOLLOW;
    int fd = openat(dir_fd(dir), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);

    if (fd < 0)
        return err_set_hint(err_sys(ERR_STORAGE, errno, "open '%s/%s'", dir_path(dir), name),
                            "To give 'readers' access the bot's user must be able to read what is "
                            "there, and own it.");
    *ret_fd = fd;
    return NULL;
}

static RESULT ensure_acl(const struct destination_readers *r, struct dir *dir, const char *name,
                         const struct buf *acl)
{
    CLEANUP(closep) int fd = -1;
    bool ignored = false;

    TRY(open_for_acl(r, dir, name, &fd));
    TRY_CTX(acl_ensure(fd, buf_bytes(acl), &ignored), "'%s/%s'", dir_path(dir), name);
    return NULL;
}

static RESULT check_kept(const struct destination_readers *r, struct dir *dir, const char *name)
{
    CLEANUP(closep) int fd = -1;
    CLEANUP(buf_freep) struct buf *now = buf_new(ACL_MAX_SIZE);
    CLEANUP(buf_freep) struct buf *text = buf_new(ACL_MAX_SIZE * 2);

    if (!now || !text)
        return err_nomem();
    TRY(open_for_acl(r, dir, name, &fd));
    TRY_CTX(acl_get(fd, now), "'%s/%s'", dir_path(dir), name);
    if (now->len == r->file_acl.len && memcmp(now->data, r->file_acl.data, now->len) == 0)
        return NULL;
    if (now->len)
        TRY(acl_print(buf_bytes(now), text));
    return err_new(ERR_STORAGE, "the filesystem of '%s' kept '%s' instead of the ACL it was given",
                   dir_path(dir), buf_str(text));
}

/* A random name: nobody can have put a link there for us. */
static RESULT try_out_acl(const struct destination_readers *r, struct dir *dir)
{
    char name[ACL_TEST_SIZE];
    uint32_t random = 0;

    entropy_fill(r->entropy, &random, sizeof(random));
    snprintf(name, sizeof(name), ACL_TEST_FORMAT, random);
    struct dir_file file = {.name = name,
                            .content = bytes_of_str(name),
                            .mode = FILE_MODE,
                            .acl = buf_bytes(&r->file_acl)};

    struct err *e = dir_publish(dir, &file, 1, NULL);
    if (!e)
        e = check_kept(r, dir, name);
    err_ignore(dir_remove(dir, name), "the next dir_open() does");
    return e;
}

static RESULT check_owner(struct dir *dir)
{
    struct stat st;

    if (fstat(dir_fd(dir), &st))
        return err_sys(ERR_STORAGE, errno, "look at '%s'", dir_path(dir));
    if (st.st_uid != geteuid())
        return err_new(ERR_STORAGE, "'%s' belongs to user %u, not to the bot's user %u",
                       dir_path(dir), st.st_uid, geteuid());
    return NULL;
}

static RESULT build_acls(struct destination_readers *r)
{
    CLEANUP(acl_readers_release) struct acl_readers readers = {0};

    TRY(acl_readers_resolve(r->config->readers, r->config->n_readers, &readers));
    buf_clear(&r->file_acl);
    buf_clear(&r->dir_acl);
    TRY(acl_build(&readers, ACL_FOR_FILE, &r->file_acl));
    return acl_build(&readers, ACL_FOR_DIRECTORY, &r->dir_acl);
}

static RESULT set_up_readers(struct destination_readers *r, struct dir *dir)
{
    TRY(build_acls(r));
    TRY(check_owner(dir));
    TRY_CTX(try_out_acl(r, dir), "try out an ACL");
    return ensure_acl(r, dir, ".", &r->dir_acl);
}

static RESULT prepare_readers(struct destination_readers *r, struct dir *dir,
                              struct destination_report *report)
{
    CLEANUP(err_freep) struct err *e = set_up_readers(r, dir);

    r->are_given_access = !e;
    if (!e)
        return NULL;
    if (err_code(e) == ERR_NOMEM) /* says nothing about ACLs, and passes */
        return TAKE(e);
    if (r->config->acls == CONFIG_ACLS_REQUIRED)
        return err_set_hint(err_wrap(TAKE(e), "give 'readers' access ('acls: required')"),
                            "Use a directory that belongs to the bot's user, on a filesystem with "
                            "POSIX ACLs, and readers that exist; or set 'acls: try'.");
    return destination_report_warn(report, "'readers' get no access: ", e,
                                   "; files stay readable for their owner only");
}

/*
 * Without readers nothing is set: a directory of our own keeps the ACLs somebody gave it. One that
 * is not ours needs them, or who owns it cannot read what we make there.
 */
static RESULT check_foreign(struct destination_readers *r, struct dir *dir,
                            struct destination_report *report)
{
    CLEANUP(err_freep) struct err *e = check_owner(dir);
    CLEANUP(closep) int fd = -1;
    CLEANUP(buf_freep) struct buf *acl = buf_new(ACL_MAX_SIZE);

    if (!e)
        return NULL;
    if (!acl)
        return err_nomem();
    TRY(open_for_acl(r, dir, ".", &fd));
    err_ignore(acl_get(fd, acl), "a filesystem without ACLs has none");
    if (acl->len)
        return NULL;
    if (r->config->acls == CONFIG_ACLS_REQUIRED)
        return err_set_hint(err_wrap(TAKE(e), "there is no ACL ('acls: required')"),
                            "Give the directory to the bot's user, or ACLs for the bot and its "
                            "readers with setfacl(1).");
    return destination_report_warn(
        report, "", e, ", and carries no ACL: its owner may not be able to read the files");
}

RESULT destination_readers_prepare(struct destination_readers *r, struct dir *dir,
                                   struct destination_report *report)
{
    if (r->config->acls == CONFIG_ACLS_OFF)
        return NULL;
    return r->config->n_readers ? prepare_readers(r, dir, report) : check_foreign(r, dir, report);
}

/* The same files, each to be made with the readers' ACL. */
static RESULT with_acl(const struct destination_readers *r, const struct dir_file *files, size_t n,
                       struct dir_file **ret)
{
    struct dir_file *own = calloc(n ? n : 1, sizeof(*own));

    if (!own)
        return err_nomem();
    for (size_t i = 0; i < n; i++) {
        own[i] = files[i];
        own[i].acl = buf_bytes(&r->file_acl);
    }
    *ret = own;
    return NULL;
}

static RESULT publish(const struct destination_readers *r, struct dir *dir,
                      const struct dir_file *files, size_t n, struct dir_published *ret)
{
    return r->config->atomic == CONFIG_ATOMIC_SYMLINK ? dir_generation_publish(dir, files, n, ret)
                                                      : dir_publish(dir, files, n, ret);
}

/* Names are links in `dir` with generations: access is to what they lead to, and to its directory. */
static RESULT ensure_all(const struct destination_readers *r, struct dir *dir,
                         const struct dir_file *files, size_t n)
{
    CLEANUP(dir_closep) struct dir *generation = NULL;
    struct dir *place = dir;

    if (r->config->atomic == CONFIG_ATOMIC_SYMLINK) {
        TRY(dir_generation_open(dir, &generation));
        TRY(ensure_acl(r, generation, ".", &r->dir_acl));
        place = generation;
    }
    for (size_t i = 0; i < n; i++)
        TRY(ensure_acl(r, place, files[i].name, &r->file_acl));
    return NULL;
}

/*
 * A file that did not change kept whatever ACL it had; one that could only be overwritten too. Once
 * the test at start has passed, a failure here is an error under `try` as well.
 */
static RESULT publish_for_readers(struct destination_readers *r, struct dir *dir,
                                  const struct dir_file *files, size_t n, struct dir_published *ret)
{
    CLEANUP(freep) struct dir_file *own = NULL;

    TRY(with_acl(r, files, n, &own));
    TRY(ensure_acl(r, dir, ".", &r->dir_acl));
    TRY(publish(r, dir, own, n, ret));
    TRY_CTX(ensure_all(r, dir, files, n), "give 'readers' access");
    return NULL;
}

RESULT destination_readers_publish(struct destination_readers *r, struct dir *dir,
                                   const struct dir_file *files, size_t n_files,
                                   struct dir_published *ret)
{
    return r->are_given_access ? publish_for_readers(r, dir, files, n_files, ret)
                               : publish(r, dir, files, n_files, ret);
}
