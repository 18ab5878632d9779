/* SPDX-License-Identifier: Apache-2.0 */
/* 2xx: what went wrong once. Each says what it was. */
#include "tests/sim/scenario.h"

static const struct scenario items[] = {
    /* A calendar that was set back between two starts made the stored identity look unborn, and its
     * next renewal due a whole interval after the restart. */
    {"200-set-back-and-restarted-before-each-renewal",
     {.run_s = HOURS(12),
      .n_outputs = 1,
      .script = {{CLOCK, .at_s = MINUTES(30), .by_s = -MINUTES(5), .every_s = HOURS(2)},
                 {KILL, .at_s = MINUTES(31), .every_s = HOURS(2)},
                 {CLOCK, .at_s = MINUTES(90), .by_s = MINUTES(5), .every_s = HOURS(2)}}},
     .min_renewals = 28},
    /* An identity, and an output's files, counted from when their reply was stored. Where the machine
     * slept in between, they were renewed late, or served past their end. */
    {"201-sleeps-while-what-was-issued-is-written",
     {.run_s = DAYS(2),
      .n_outputs = 1,
      .per_instance = true,
      .token_again = true,
      .write_s = 40,
      .script = {{SUSPEND, .at_s = MINUTES(30), .within_s = MINUTES(30), .for_s = MINUTES(50),
                  .every_s = HOURS(2)}}},
     .without_s = MINUTES(5),
     .min_renewals = 80},
};

const struct scenario_table scenarios_regressions = SCENARIO_TABLE(items);
