/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/file_stamp.h"

struct file_stamp file_stamp_take(const char *path)
{
    struct stat st;
    if (!path || stat(path, &st) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){.dev = st.st_dev,
                               .ino = st.st_ino,
                               .size = st.st_size,
                               .modified = st.st_mtim,
                               .changed = st.st_ctim};
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_stamp_equals(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           is_same_time(&a->modified, &b->modified) && is_same_time(&a->changed, &b->changed);
}
