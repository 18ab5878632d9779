/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_TEST_JSON_H
#define TBOT_CMD_TEST_JSON_H

/*
 * The findings of `tbot test` as one JSON document:
 *
 *     {"file": "/etc/tbot.yaml", "ok": true, "checks": [
 *       {"name": "storage", "subject": "/var/lib/tbot", "status": "ok", "took_ms": null,
 *        "message": "…", "code": null, "hint": null}, … ]}
 *
 * Every member is always there. Times are those of the steps to the cluster. docs/test.md is the
 * promise to who reads it.
 */

#include "agent/check.h"

#include <stdio.h>

struct test_json;

/* `file` as in struct check_subject. */
RESULT test_json_new(const char *file, struct test_json **ret);
void test_json_free(struct test_json *j); /* accepts NULL */
DEFINE_FREEP(test_json)

/* Lives as long as `j`. */
struct check_sink test_json_sink(struct test_json *j);

RESULT test_json_print(struct test_json *j, bool is_ok, FILE *to);

#endif
