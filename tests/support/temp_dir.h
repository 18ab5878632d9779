/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_TEMP_DIR_H
#define TBOT_TESTS_SUPPORT_TEMP_DIR_H

/*
 * A directory for one test, removed with everything in it. What fails ends the test.
 *
 *     struct temp_dir tmp;
 *     temp_dir_make(&tmp);
 *     temp_dir_write(&tmp, "tlscert", "old");
 *     temp_dir_remove(&tmp);
 */

#include "base/buf.h"

struct temp_dir {
    char path[64];
    char joined[320]; /* what temp_dir_join() gave last */
};

void temp_dir_make(struct temp_dir *t);
void temp_dir_remove(struct temp_dir *t);

/* "PATH/name", until the next call. */
const char *temp_dir_join(struct temp_dir *t, const char *name);

void temp_dir_write(struct temp_dir *t, const char *name, const char *content);

/* The file's content, NULL when there is no such file. Caller frees. */
char *temp_dir_read(struct temp_dir *t, const char *name);

/* How many entries there are, but for "." and "..". */
size_t temp_dir_count(struct temp_dir *t);

#endif
