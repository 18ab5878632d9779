/* SPDX-License-Identifier: Apache-2.0 */
/* Where a service writes, and whether its readers can be let in. */
#include "agent/acl.h"
#include "agent/check_place.h"
#include "agent/check_private.h"
#include "agent/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT "output"
#define READERS "readers"

/* The file a start really writes to see whether it can; see destination_prepare(). */
#define WRITE_TEST ".write-test"

/* What an output of the longest kind has, twice: the new files stand beside the old ones for a moment. */
#define ROOM_NEEDED (256 * 1024)

/* For two requests to the API server of Kubernetes. */
#define SECRET_LIMIT_S 10

#define ACL_REMEDY                                                                                 \
    "Use a directory that belongs to the bot's user, on a filesystem with POSIX ACLs, and "        \
    "readers "                                                                                     \
    "that exist."

/*
 * Somebody made the files for us in a directory that we may not make files in. Files that change as a
 * whole are never overwritten.
 */
static bool can_overwrite(const struct config_destination *d, const struct check_place *p)
{
    return d->atomic == CONFIG_ATOMIC_OFF && !p->is_missing && p->denied == EACCES &&
           faccessat(dir_fd(p->dir), WRITE_TEST, W_OK, AT_EACCESS) == 0;
}

static void tell_place(struct check *c, const struct check_point *at, const struct check_place *p,
                       const char *path)
{
    char room[CHECK_SIZE_TEXT] = "unlimited room";
    if (!p->is_roomy)
        check_size_text(p->room, room);
    if (p->is_missing)
        check_ok(c, at, "directory '%s' will be made, %s free", path, room);
    else if (p->denied)
        check_warn(c, at, "Give the directory to the bot's user, and files can be replaced.",
                   "files in '%s' can only be overwritten in place: a reader may meet half a file",
                   path);
    else
        check_ok(c, at, "directory '%s' can be written, %s free", path, room);
}

/* --- readers --- */

static struct err *check_names(const struct config_destination *d)
{
    CLEANUP(acl_readers_release) struct acl_readers readers = {0};
    return acl_readers_resolve(d->readers, d->n_readers, &readers);
}

static struct err *check_owner(const struct check_place *p)
{
    if (p->is_missing || p->owner == geteuid())
        return NULL;
    return err_new(ERR_STORAGE, "the directory belongs to user %u, not to the bot's user %u",
                   (unsigned)p->owner, (unsigned)geteuid());
}

/* Whether the filesystem keeps ACLs. A directory that cannot be listed does not tell. */
static struct err *read_acl(const struct check_place *p, struct buf *ret)
{
    CLEANUP(closep) int fd = openat(dir_fd(p->dir), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? NULL : acl_get(fd, ret);
}

static struct err *check_support(const struct check_place *p)
{
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    return read_acl(p, &acl);
}

static struct err *why_no_readers(const struct config_destination *d, const struct check_place *p)
{
    TRY(check_names(d));
    TRY(check_owner(p));
    return check_support(p);
}

/* Under `try` the files are written all the same, for their owner alone. */
static void judge_readers(struct check *c, const struct check_point *at,
                          const struct config_destination *d, const struct check_place *p)
{
    bool is_required = d->acls == CONFIG_ACLS_REQUIRED;
    struct err *e = why_no_readers(d, p);
    if (!e) {
        check_ok(c, at, "%zu can be given access", d->n_readers);
        return;
    }
    e = err_wrap(e, "'readers' get no access");
    if (!err_hint(e))
        e = err_set_hint(e, ACL_REMEDY);
    check_err(c, at, is_required ? CHECK_FAILED : CHECK_WARNING, e);
}

/* Without readers only a directory of somebody else needs an ACL: or its owner reads nothing. */
static void judge_foreign(struct check *c, const struct check_point *at,
                          const struct config_destination *d, const struct check_place *p)
{
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct err *e = check_owner(p);
    if (!e)
        return;
    err_ignore(read_acl(p, &acl), "a filesystem without ACLs has none");
    if (acl.len > 0) {
        err_ignore(e, "the ACL says who may read");
        return;
    }
    e = err_set_hint(err_wrap(e, "its owner may not be able to read the files"),
                     "Give the directory to the bot's user, or ACLs for the bot and its readers "
                     "with setfacl(1).");
    check_err(c, at, d->acls == CONFIG_ACLS_REQUIRED ? CHECK_FAILED : CHECK_WARNING, e);
}

static void check_readers(struct check *c, const char *service, const struct config_destination *d,
                          const struct check_place *p)
{
    const struct check_point at = {READERS, service};
    if (d->acls == CONFIG_ACLS_OFF)
        return;
    if (d->n_readers > 0)
        judge_readers(c, &at, d, p);
    else
        judge_foreign(c, &at, d, p);
}

/* --- the whole --- */

static struct err *look(const struct config_destination *d, struct check_place *p)
{
    TRY(check_place_look(d->path, d->symlinks, p));
    if (!can_overwrite(d, p))
        TRY(check_place_writable(p, d->path));
    return check_place_room(p, ROOM_NEEDED);
}

static void check_directory(struct check *c, const struct check_point *at,
                            const struct config_destination *d)
{
    CLEANUP(check_place_release) struct check_place p = {0};
    struct err *e = look(d, &p);
    if (e) {
        check_err(c, at, CHECK_FAILED, e);
        return;
    }
    tell_place(c, at, &p, d->path);
    check_readers(c, at->subject, d, &p);
}

/* The copy is worth a warning only: the output is served all the same. */
static void check_memory(struct check *c, const struct check_point *at,
                         const struct config_destination *d)
{
    CLEANUP(check_place_release) struct check_place p = {0};
    if (!d->is_cached) {
        check_ok(c, at, "in memory");
        return;
    }
    struct err *e = look(d, &p);
    if (e)
        check_err(c, at, CHECK_WARNING, err_wrap(e, "no copy can be kept in the storage"));
    else
        check_ok(c, at, "in memory, with a copy in '%s'", d->path);
}

/* As a start does it: what is there is read, and a dry run shows whether it may be written. */
static struct err *try_secret(const struct check *c, const struct config_destination *d,
                              struct destination **ret)
{
    const struct ctx endless = {c->clock, NULL, MONO_NEVER};
    const struct ctx ctx = ctx_until(c->within ? c->within : &endless, dur_s(SECRET_LIMIT_S));
    CLEANUP(destination_report_release) struct destination_report report = {0};
    TRY(destination_new(d, entropy_system(), ret));
    destination_use(*ret, &ctx);
    struct err *e = destination_prepare(*ret, &report);
    destination_use(*ret, NULL);
    return e;
}

static void check_secret(struct check *c, const struct check_point *at,
                         const struct config_destination *d)
{
    CLEANUP(destination_freep) struct destination *destination = NULL;
    struct err *e = try_secret(c, d, &destination);
    if (e)
        check_err(c, at, CHECK_FAILED, e);
    else
        check_ok(c, at, "%s can be read and written", destination_text(destination));
}

void check_output(struct check *c, const struct config_service *service)
{
    const struct check_point at = {OUTPUT, service->name};
    const struct config_destination *d = &service->destination;
    if (d->type == CONFIG_DESTINATION_DIRECTORY)
        check_directory(c, &at, d);
    else if (d->type == CONFIG_DESTINATION_KUBERNETES_SECRET)
        check_secret(c, &at, d);
    else
        check_memory(c, &at, d);
}
