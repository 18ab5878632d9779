/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_TEST_LOG_H
#define TBOT_TESTS_SUPPORT_TEST_LOG_H

/* A real log, into a file without a name, whose lines a test can count. */

#include "diag/core/log.h"

#include <stdio.h>

struct test_log {
    struct log *log;
    FILE *file;
};

void test_log_open(struct test_log *t, const struct clock *clock); /* text, from LOG_INFO on */
void test_log_close(struct test_log *t);

/* How often `part` stands in it. */
size_t test_log_count(const struct test_log *t, const char *part);

#endif
