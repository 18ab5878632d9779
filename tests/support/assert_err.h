/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_ASSERT_ERR_H
#define TBOT_TESTS_SUPPORT_ASSERT_ERR_H

/* cmocka with what it wants included first, and assertions on results that print the error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* A failing assertion does not come back: the text may leak. */
#define assert_ok(expr)                                                                            \
    do {                                                                                           \
        struct err *assert_ok_ = (expr);                                                           \
        if (assert_ok_)                                                                            \
            fail_msg("%s: %s", #expr, err_text(assert_ok_));                                       \
    } while (0)

/* Fails with the code wanted, and the text contains `part`. */
#define assert_fails(expr, code, part)                                                             \
    do {                                                                                           \
        struct err *assert_fails_ = (expr);                                                        \
        if (!assert_fails_)                                                                        \
            fail_msg("%s: succeeded", #expr);                                                      \
        char *assert_text_ = err_text(assert_fails_);                                              \
        if (err_code(assert_fails_) != (code) || !strstr(assert_text_, (part)))                    \
            fail_msg("%s: %s: %s", #expr, err_code_name(err_code(assert_fails_)), assert_text_);   \
        free(assert_text_);                                                                        \
        err_free(assert_fails_);                                                                   \
    } while (0)

#endif
