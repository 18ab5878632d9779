/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_file.h"

#include "base/dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define UNIT_MAX ((size_t)16 * 1024 * 1024)
#define UNIT_MODE 0644

static RESULT refuse_link(const struct dir *d, const char *name)
{
    struct stat st;
    if (fstatat(dir_fd(d), name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode))
        return NULL;
    return err_set_hint(err_new(ERR_STORAGE, "'%s/%s' is a symbolic link", dir_path(d), name),
                        "The unit is masked or linked from elsewhere: 'systemctl unmask %s', or "
                        "'systemctl disable' it, first.",
                        name);
}

/* NULL in *ret: there is none. */
static RESULT read_present(struct dir *d, const char *name, struct buf **ret)
{
    *ret = NULL;
    struct err *e = dir_read(d, name, UNIT_MAX, ret);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_ignore(e, "it is going to be made");
    return NULL;
}

static bool is_same(const struct buf *present, const char *text)
{
    return present->len == strlen(text) && memcmp(buf_str(present), text, present->len) == 0;
}

/* The directory is the administrator's, and may well be reached by a link: /lib is one. */
static RESULT put(const char *path, const char *name, const char *text, bool force,
                  enum unit_file_result *ret)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    CLEANUP(buf_freep) struct buf *present = NULL;
    struct err *e = dir_open(path, SYMLINKS_INSECURE, false, &d);
    if (e)
        return err_set_hint(
            e, "'--systemd-directory' names a directory that systemd reads units from; "
               "without systemd there is none.");
    TRY(refuse_link(d, name));
    TRY(read_present(d, name, &present));
    *ret = present && is_same(present, text) ? UNIT_FILE_SAME : UNIT_FILE_WRITTEN;
    if (*ret == UNIT_FILE_SAME)
        return NULL;
    if (present && !force)
        return err_set_hint(
            err_new(ERR_STORAGE, "'%s/%s' exists and says something else", path, name),
            "Without '--write' you see what it would become; '--force' replaces it.");
    return dir_replace(d, name, bytes_of_str(text), UNIT_MODE);
}

RESULT unit_file_put(const char *dir, const char *name, const char *text, bool force,
                     enum unit_file_result *ret)
{
    TRY_CTX(put(dir, name, text, force, ret), "installing the unit");
    return NULL;
}
