/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_LANDLOCK_H
#define TBOT_BASE_LANDLOCK_H

/*
 * Landlock, thinly: which files this process, and all it starts, may still open. It needs no privilege,
 * and nothing takes it back.
 *
 *     CLEANUP(landlock_release) struct landlock l = LANDLOCK_NONE;
 *     TRY(landlock_init(&l, landlock_version(), true));
 *     TRY(landlock_allow(&l, dir_fd(storage), LANDLOCK_READ | LANDLOCK_WRITE));
 *     TRY(landlock_enter(&l));
 *
 * What is not allowed gives EACCES (EXDEV for a rename or link from one directory to another). A right on
 * a directory holds for everything below it, also for what is mounted there later. It belongs to the
 * directory itself, not to its name: to one that is removed and made again, or mounted over, nothing is
 * allowed. Descriptors that are open stay as they are. Looking (stat(2), readlink(2), access(2)), changing
 * modes, owners and attributes of what is open, and connecting to Unix sockets by name are not its business.
 *
 * Nothing may be executed, no device files made and no ioctl(2) made on devices opened later, whatever
 * is allowed. From version 6 on, no process outside can be signalled.
 *
 * Threads: landlock_enter() holds for the calling thread and those that it starts: before there are others.
 */

#include "base/err.h"

#include <stdint.h>

enum landlock_right {
    LANDLOCK_READ = 1, /* files and lists of directories */
    /* Files are written, made, removed and renamed; so are directories, links of both kinds. */
    LANDLOCK_WRITE = 2,
    LANDLOCK_LISTEN =
        4, /* Unix sockets are made, files removed; the list of the directory is read */
};

struct landlock {
    int fd;           /* -1: none */
    uint64_t handled; /* what is forbidden unless it is allowed, in the kernel's bits */
};

#define LANDLOCK_NONE ((struct landlock){.fd = -1})

/* The version of the kernel's Landlock, 1 and more; 0: it has none, or it was not turned on at boot. */
int landlock_version(void);

/*
 * Moving files from directory to directory can be allowed from this version on (Linux 5.19); before, it
 * is denied everywhere, and with it hard links between directories.
 */
#define LANDLOCK_VERSION_MOVES 2

/*
 * `version` is what landlock_version() said, or less: what came later is then not looked at. `names`: sockets
 * of the abstract namespace that belong to others cannot be connected to either (from version 6 on).
 * ERR_UNIMPLEMENTED where version is 0, ERR_STORAGE.
 */
RESULT landlock_init(struct landlock *l, int version, bool names);
void landlock_release(struct landlock *l);

/* `fd`: of a file or directory, O_PATH is enough. What makes no sense for a file is left out for one. */
RESULT landlock_allow(struct landlock *l, int fd, unsigned rights);

/* From now on. Takes the right to gain privileges by executing something, too (no_new_privs). */
RESULT landlock_enter(struct landlock *l);

#endif
