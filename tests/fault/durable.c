/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A killed process loses nothing that the kernel has; a machine without power loses what was not
 * synced, in any order. So content is synced before the rename that makes it count, and the directory
 * before anybody is told that it does. This file knows which of both is still owed.
 */
#include "tests/fault/faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OWED_MAX 256

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_fstat(int fd, struct stat *st);
int __real_fstatat(int dirfd, const char *name, struct stat *st, int flags);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A file whose content, or a directory one of whose names, is not synced. */
struct owed {
    dev_t dev;
    ino_t ino;
    char name[64]; /* "": the content */
};

static struct owed list[OWED_MAX];
static size_t n_owed;
static char lost_content[64];

static void owe(const struct stat *st, const char *name)
{
    for (size_t i = 0; i < n_owed; i++)
        if (list[i].ino == st->st_ino && list[i].dev == st->st_dev &&
            strcmp(list[i].name, name) == 0)
            return;
    if (n_owed == OWED_MAX)
        abort();
    struct owed *o = &list[n_owed++];
    *o = (struct owed){.dev = st->st_dev, .ino = st->st_ino};
    snprintf(o->name, sizeof(o->name), "%s", name);
}

void pending_write(int fd)
{
    struct stat st;
    if (faults_are_armed() && __real_fstat(fd, &st) == 0)
        owe(&st, "");
}

void pending_synced(int fd)
{
    struct stat st;
    if (!faults_are_armed() || __real_fstat(fd, &st) != 0)
        return;
    for (size_t i = n_owed; i-- > 0;)
        if (list[i].ino == st.st_ino && list[i].dev == st.st_dev)
            list[i] = list[--n_owed];
}

void pending_rename(int dirfd, const char *from, const char *to)
{
    struct stat file, dir;
    if (!faults_are_armed() || __real_fstatat(dirfd, from, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
        __real_fstat(dirfd, &dir) != 0)
        return;
    for (size_t i = 0; i < n_owed; i++)
        if (list[i].ino == file.st_ino && list[i].dev == file.st_dev && !*list[i].name)
            snprintf(lost_content, sizeof(lost_content), "%s", to);
    owe(&dir, to);
}

bool faults_is_rename_pending(const char *name)
{
    for (size_t i = 0; i < n_owed; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

const char *faults_lost_content(void)
{
    return *lost_content ? lost_content : NULL;
}

void faults_forget_pending(void)
{
    n_owed = 0;
    *lost_content = '\0';
}
