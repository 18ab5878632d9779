/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_log.h"

#include "tests/support/assert_err.h"

#include <string.h>
#include <unistd.h>

void test_log_open(struct test_log *t, const struct clock *clock)
{
    t->file = tmpfile();
    assert_non_null(t->file);
    t->log = log_new(fileno(t->file), LOG_TEXT, LOG_INFO, clock);
    assert_non_null(t->log);
}

void test_log_close(struct test_log *t)
{
    log_free(t->log);
    fclose(t->file);
}

size_t test_log_count(const struct test_log *t, const char *part)
{
    static char all[64 * 1024];
    ssize_t len = pread(fileno(t->file), all, sizeof(all) - 1, 0);
    assert_true(len >= 0);
    all[len] = '\0';
    size_t count = 0;
    for (const char *at = all; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}
