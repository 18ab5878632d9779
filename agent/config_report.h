/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_REPORT_H
#define TBOT_AGENT_CONFIG_REPORT_H

/*
 * Collects everything that is wrong with a configuration, so that a person sees it all at once.
 *
 *     struct config_report report = { .file = "tbot.yaml" };
 *     TRY(config_report_error(&report, node->at, "key '%s': unknown", node->key));
 *     ...
 *     TRY(config_report_result(&report));      ERR_CONFIG when there was an error
 *     config_report_release(&report);
 *
 * The functions fail for lack of memory only; a mistake in the file is not a failure of theirs.
 * Messages must not contain secrets. Control characters that came in with a value are replaced, so
 * that a file cannot forge log lines.
 */

#include "agent/config_at.h"
#include "base/strlist.h"

#define CONFIG_REPORT_MAX 100 /* further mistakes are only counted */

struct config_remark {
    struct config_at at;
    bool is_warning;
    char *text;
};

struct config_report {
    const char *file; /* borrowed; NULL: there is none */
    struct config_remark *remarks;
    size_t len, left_out;
};

void config_report_release(struct config_report *report);

RESULT config_report_error(struct config_report *report, struct config_at at, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));
RESULT config_report_warning(struct config_report *report, struct config_at at, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* The same for what refused the value of `key`; takes `why` over, NULL is no mistake. */
RESULT config_report_refusal(struct config_report *report, struct config_at at, const char *key,
                             struct err *why);

/* The errors in the order of the file, one line each, as one ERR_CONFIG; NULL when there is none.
 */
RESULT config_report_result(struct config_report *report);

/* Adds the warnings to `to`. */
RESULT config_report_take_warnings(struct config_report *report, struct strlist *to);

#endif
