/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_TEMP_DIR_H
#define TBOT_TESTS_SUPPORT_TEMP_DIR_H

/*
 * A directory below $TMPDIR for one test, written and read with plain calls, as another program
 * would. Everything that fails ends the test.
 *
 *     CLEANUP(temp_dir_freep) char *dir = temp_dir_new();
 */

#include "base/buf.h"

#include <sys/types.h>

char *temp_dir_new(void);
void temp_dir_freep(char **dir); /* removes it and the files in it */

void temp_dir_put(const char *dir, const char *name, struct bytes content);
void temp_dir_delete(const char *dir, const char *name);

/* The content; the caller frees. */
char *temp_dir_get(const char *dir, const char *name);

bool temp_dir_has(const char *dir, const char *name);
mode_t temp_dir_mode(const char *dir, const char *name);

/* Every name in it, sorted, with a blank between. The caller frees. */
char *temp_dir_list(const char *dir);

#endif
