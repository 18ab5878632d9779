/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_TEST_REPORT_H
#define TBOT_CMD_TEST_REPORT_H

/*
 * The findings of `tbot test` as a table for a person: a line for each as it is made, its remedy below
 * it, and the verdict at the end. Steps to the cluster are a part of their own, with their times. On a
 * terminal lines are wrapped, and coloured where NO_COLOR and TERM do not ask for less; a step that is
 * under way is shown there, so that one sees which of them hangs.
 *
 *     struct test_report report;
 *     test_report_init(&report, stdout);
 *     struct check_sink sink = test_report_sink(&report);
 *     ... the checks ...
 *     test_report_verdict(&report, &verdict);
 */

#include "agent/check.h"
#include "cmd/terminal.h"

#include <stdio.h>

struct test_report {
    FILE *out;
    struct terminal terminal;
    bool is_under_way; /* the last line is to be taken back */
    bool has_steps;    /* the part of the steps has begun */
};

void test_report_init(struct test_report *r, FILE *out);

/* Lives as long as `r`. */
struct check_sink test_report_sink(struct test_report *r);

struct test_verdict {
    const char *file; /* NULL: the command line alone */
    size_t n_outputs;
    unsigned failed, warnings;
};
void test_report_verdict(struct test_report *r, const struct test_verdict *v);

#endif
