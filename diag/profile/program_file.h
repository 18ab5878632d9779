/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_PROGRAM_FILE_H
#define TBOT_DIAG_PROFILE_PROGRAM_FILE_H

/* A program's file, mapped for reading: only what is looked at takes memory. */

#include "base/buf.h"

struct program_file {
    struct bytes content;
};

/* ERR_STORAGE when it cannot be read. */
RESULT program_file_open(const char *path, struct program_file *ret);
void program_file_close(struct program_file *f); /* accepts one zero-initialised */

#endif
