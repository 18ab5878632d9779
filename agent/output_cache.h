/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_CACHE_H
#define TBOT_AGENT_OUTPUT_CACHE_H

/*
 * The copies that outputs in memory keep in the storage directory (`cache: yes`), as a whole: they
 * are secrets, and must not outlive their use.
 *
 * The copies themselves are written and read by their destinations, agent/destination_memory.c.
 */

#include "agent/config.h"

/*
 * At start, before outputs are made: removes the copies of outputs that are not configured any more,
 * or not to be kept, those that are past their end at `now`, and those that are no use because they
 * are damaged. Adds a sentence for each to `ret_notes`, also before an error. ERR_STORAGE for those that
 * cannot be removed; no reason to stop.
 */
RESULT output_cache_sweep(const struct config *config, struct wall now, struct strlist *ret_notes);

/*
 * The same for one output that a reload took away, or that keeps no copy from now on; once it writes no
 * more. `place` is the destination it had, `name` its own. Blocks.
 */
RESULT output_cache_remove(const struct config_destination *place, const char *name);

#endif
