/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_UNDER_VALGRIND_H
#define TBOT_TESTS_SUPPORT_UNDER_VALGRIND_H

/*
 * Whether valgrind runs the test. It has a malloc() of its own in the place of ours, and descriptors that
 * the test does not see: what is about those is skipped there.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

#endif
