/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_RELOAD_OUTCOME_H
#define TBOT_AGENT_RELOAD_OUTCOME_H

/* What a reload did, or why it did nothing: for the log, for who asked, for `tbot status`. Plain data. */

#include "agent/config_diff.h"

struct reload_outcome {
    struct strlist added, changed, removed; /* names of services */
    size_t n_kept;
    struct strlist warnings;
    bool has_failed;
    struct strlist errors;  /* a line each */
    struct strlist restart; /* what of it needs a restart: keys, or "sandbox" */
};

void reload_outcome_release(struct reload_outcome *o);

/* The lists of services. */
RESULT reload_outcome_describe(struct reload_outcome *o, const struct config *running,
                               const struct config *next, const struct config_diff *diff);

/* It has failed: each line of the error's text, the last with its hint. Takes `e`. */
void reload_outcome_fail(struct reload_outcome *o, struct err *e);

#define RELOAD_SUMMARY_SIZE 512

/* The errors in one line: the first, and how many more. "" for a success. Returns `out`. */
char *reload_outcome_summary(const struct reload_outcome *o, char out[RELOAD_SUMMARY_SIZE]);

#endif
