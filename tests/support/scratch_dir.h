/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_SCRATCH_DIR_H
#define TBOT_TESTS_SUPPORT_SCRATCH_DIR_H

/*
 * A directory below $TMPDIR for one test, written and read with plain calls, as another program
 * would. Everything that fails ends the test.
 *
 *     CLEANUP(scratch_dir_freep) char *dir = scratch_dir_new();
 */

#include "base/buf.h"

#include <sys/types.h>

char *scratch_dir_new(void);
void scratch_dir_freep(char **dir); /* removes it and the files in it */

void scratch_dir_put(const char *dir, const char *name, struct bytes content);
void scratch_dir_delete(const char *dir, const char *name);

/* The content; the caller frees. */
char *scratch_dir_get(const char *dir, const char *name);

bool scratch_dir_has(const char *dir, const char *name);
mode_t scratch_dir_mode(const char *dir, const char *name);

/* Every name in it, sorted, with a blank between. The caller frees. */
char *scratch_dir_list(const char *dir);

#endif
