/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_FILE_STAMP_H
#define TBOT_DIAG_FILE_STAMP_H

/*
 * What a file looked like when it was read, so that a change is seen without reading it again: one
 * stat(2). Taken before reading: then a change during it counts as one after it.
 */

#include <stdbool.h>
#include <sys/stat.h>

struct file_stamp {
    dev_t dev;
    ino_t ino; /* 0: there is no file */
    off_t size;
    struct timespec modified;
    struct timespec changed; /* also by chmod and chown: those may mend it */
};

/* Of what `path` leads to; NULL: of no file. */
struct file_stamp file_stamp_take(const char *path);

bool file_stamp_equals(const struct file_stamp *a, const struct file_stamp *b);

#endif
