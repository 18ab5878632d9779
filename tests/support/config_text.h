/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_CONFIG_TEXT_H
#define TBOT_TESTS_SUPPORT_CONFIG_TEXT_H

#include "agent/config.h"
#include "tests/support/assert_err.h"

/* The configuration that a text is, read and validated as from `file`. Fails the test unless it is good. */
static inline struct config *config_of_text(const char *file, const char *text)
{
    struct config *config = NULL;
    assert_ok(config_parse(file, bytes_of_str(text), &config));
    assert_ok(config_validate(config));
    return config;
}

#endif
