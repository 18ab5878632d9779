/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_TEMP_DIR_H
#define TBOT_TESTS_SUPPORT_TEMP_DIR_H

/*
 * A directory for one test, removed with everything in it; written and read with plain calls, as
 * another program would. What fails ends the test.
 *
 *     CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
 *     temp_dir_write(&tmp, "tlscert", "old");
 */

#include "base/buf.h"

#include <sys/types.h>

struct temp_dir {
    char path[64];    /* absolute, without symbolic links */
    char joined[320]; /* what temp_dir_join() gave last */
};

struct temp_dir temp_dir_make(void);
void temp_dir_remove(struct temp_dir *t);
void temp_dir_empty(struct temp_dir *t);

/* "PATH/name", until the next call of any function here. */
const char *temp_dir_join(struct temp_dir *t, const char *name);

void temp_dir_write(struct temp_dir *t, const char *name, const char *content);
void temp_dir_put(struct temp_dir *t, const char *name, struct bytes content); /* mode 0600 */

/* The file's content, NULL when there is no such file. Caller frees. */
char *temp_dir_read(struct temp_dir *t, const char *name);

void temp_dir_delete(struct temp_dir *t, const char *name);
bool temp_dir_has(struct temp_dir *t, const char *name);
mode_t temp_dir_mode(struct temp_dir *t, const char *name);

/* Every name in it, sorted, with a blank between; "none". Caller frees. */
char *temp_dir_list(struct temp_dir *t);

/* How many entries there are, but for "." and "..". */
size_t temp_dir_count(struct temp_dir *t);

#endif
