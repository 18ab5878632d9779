/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/golden.h"

#include "base/dir.h"
#include "tests/support/assert_err.h"

#include <stdio.h>

static void update(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    if (!to)
        fail_msg("cannot open %s", path);
    fputs(text, to);
    fclose(to);
}

void golden_hold(const char *folder, const char *name, const char *text)
{
    char path[512];
    CLEANUP(buf_freep) struct buf *expected = NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (getenv("UPDATE_GOLDEN")) {
        update(path, text);
        return;
    }
    assert_ok(file_read(path, 1024 * 1024, &expected));
    assert_string_equal(text, buf_str(expected));
}
