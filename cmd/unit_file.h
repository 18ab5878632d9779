/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_UNIT_FILE_H
#define TBOT_CMD_UNIT_FILE_H

/* A unit where the service manager looks for it. Blocks on the disk. */

#include "base/err.h"

enum unit_file_result {
    UNIT_FILE_WRITTEN,
    UNIT_FILE_SAME, /* it was there, to the byte */
};

/*
 * Makes `dir`/`name` hold `text`, as a whole or not at all, readable by everybody. ERR_STORAGE: another unit
 * is there and `force` is not given; or a symbolic link, as a masked unit is one, which stays whatever is
 * given; or it cannot be written. Nothing has changed then.
 */
RESULT unit_file_put(const char *dir, const char *name, const char *text, bool force,
                     enum unit_file_result *ret);

#endif
