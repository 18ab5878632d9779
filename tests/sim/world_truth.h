/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_TRUTH_H
#define TBOT_TESTS_SIM_WORLD_TRUTH_H

/* What is true of an agent and its cluster at this moment, whatever the agent believes. */

#include "identity/renewer.h"

struct world_agent;

/* Some way to the cluster is open. */
bool world_truth_is_within_reach(const struct world_agent *a);

/* The cluster would take a renewal of what is held; a join with the configured token. */
bool world_truth_would_renew(const struct world_agent *a);
bool world_truth_would_join(const struct world_agent *a);

/* We know its CA, and it ours. */
bool world_truth_is_trusted(const struct world_agent *a);

/* What is held has ended by the cluster's calendar. */
bool world_truth_is_over(const struct world_agent *a);

/* The state in which a person has to be told of something; RENEWER_FRESH: nothing is wrong. */
enum renewer_state world_truth_state(const struct world_agent *a);

#endif
