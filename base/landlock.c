/* SPDX-License-Identifier: Apache-2.0 */
#include "base/landlock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What headers of older kernels than the one we run on do not know. The kernel's numbers. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* version 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */
#define SCOPE_ABSTRACT UINT64_C(1)       /* version 6 */
#define SCOPE_SIGNAL UINT64_C(2)         /* version 6 */

#define FS_VERSION_1 (LANDLOCK_ACCESS_FS_REFER - 1) /* rights are numbered as they came */

/* struct landlock_ruleset_attr of version 6. An older kernel takes a longer one, if its tail is zero. */
struct ruleset {
    uint64_t fs, net, scoped;
};

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS                                                                               \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |                   \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define LISTEN_RIGHTS                                                                              \
    (LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define RIGHTS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

int landlock_version(void)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

/* Everything of that version that can be forbidden. */
static struct ruleset everything(int version, bool names)
{
    struct ruleset r = {.fs = FS_VERSION_1};
    if (version >= LANDLOCK_VERSION_MOVES)
        r.fs |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        r.fs |= FS_TRUNCATE;
    if (version >= 5)
        r.fs |= FS_IOCTL_DEV;
    if (version >= 6)
        r.scoped = SCOPE_SIGNAL | (names ? SCOPE_ABSTRACT : 0);
    return r;
}

RESULT landlock_init(struct landlock *l, int version, bool names)
{
    if (version < 1)
        return err_new(ERR_UNIMPLEMENTED, "this kernel has no Landlock, or it is forbidden here");
    const struct ruleset r = everything(version, names);
    long fd = syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0U);
    if (fd < 0)
        return err_sys(ERR_STORAGE, errno, "make a set of Landlock rules");
    l->fd = (int)fd;
    l->handled = r.fs;
    return NULL;
}

static uint64_t access_of(unsigned rights)
{
    return (rights & LANDLOCK_READ ? READ_RIGHTS : 0) |
           (rights & LANDLOCK_WRITE ? WRITE_RIGHTS : 0) |
           (rights & LANDLOCK_LISTEN ? LISTEN_RIGHTS : 0);
}

RESULT landlock_allow(struct landlock *l, int fd, unsigned rights)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_sys(ERR_STORAGE, errno, "look at what is to be allowed");
    uint64_t access = access_of(rights) & l->handled;
    if (!S_ISDIR(st.st_mode))
        access &= RIGHTS_OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    if (access && syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0)
        return err_sys(ERR_STORAGE, errno, "add a Landlock rule");
    return NULL;
}

RESULT landlock_enter(struct landlock *l)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(ERR_STORAGE, errno, "give up new privileges");
    if (syscall(SYS_landlock_restrict_self, l->fd, 0U) != 0)
        return err_sys(ERR_STORAGE, errno, "apply Landlock rules");
    return NULL;
}

void landlock_release(struct landlock *l)
{
    closep(&l->fd);
    *l = LANDLOCK_NONE;
}
