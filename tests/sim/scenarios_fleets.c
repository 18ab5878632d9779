/* SPDX-License-Identifier: Apache-2.0 */
/* Situations 080 to 089: ten thousand agents on one cluster. */
#include "tests/sim/scenario.h"

#define FLEET 10000

static const struct scenario items[] = {
    {"080-a-fleet-starts-at-once",
     {.run_s = MINUTES(45), .n_agents = FLEET, .n_outputs = 1, .is_known = true},
     .min_renewals = 2 * FLEET,
     .most_in_a_second = 5 * FLEET,
     .is_large = true},
    {"081-a-fleet-loses-its-connections-at-once",
     {.run_s = MINUTES(40),
      .n_agents = FLEET,
      .n_outputs = 1,
      .is_known = true,
      .peak_from_s = MINUTES(20),
      .script = {{CUT, .at_s = MINUTES(20)}}},
     .min_renewals = FLEET,
     .most_in_a_second = FLEET,
     .is_large = true},
    {"082-a-fleet-waits-for-its-cluster",
     {.run_s = MINUTES(55),
      .n_agents = FLEET,
      .n_outputs = 1,
      .is_known = true,
      .peak_from_s = MINUTES(20),
      .script = {{STOPPED, .at_s = MINUTES(20), .for_s = MINUTES(20)}}},
     .min_renewals = 2 * FLEET,
     .is_large = true},
};

const struct scenario_table scenarios_fleets = SCENARIO_TABLE(items);
