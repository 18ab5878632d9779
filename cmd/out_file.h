/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_OUT_FILE_H
#define TBOT_CMD_OUT_FILE_H

#include "base/buf.h"

/*
 * Writes a whole result to the file a person named, readable by its owner only, or to standard output
 * for NULL and "-". Errors are ERR_STORAGE, or ERR_USAGE where `path` is a directory; a file is then as
 * it was.
 */
bool out_file_is_stdout(const char *path);
RESULT out_file_write(const char *path, struct bytes content);

#endif
