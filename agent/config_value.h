/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_VALUE_H
#define TBOT_AGENT_CONFIG_VALUE_H

/*
 * One value of the file, by the kind its table entry names.
 *
 * `to` points at the variable the kind speaks of (config_schema.h), or is NULL when the value is
 * only to be checked. A mistake goes to the report and leaves `to` alone; so does null, which means
 * "not given". What was there before is freed.
 */

#include "agent/config_report.h"
#include "agent/config_schema.h"
#include "agent/yaml_tree.h"

/* Every kind but sections, destinations and what is special. */
RESULT config_value_read(struct config_report *report, const struct config_key *key,
                         const struct yaml_node *node, void *to);

/* Null, empty text, an empty list or map. */
bool config_value_is_empty(const struct yaml_node *node);

/* Whether the value asks for nothing: empty, or a word for "no". */
bool config_value_is_off(const struct yaml_node *node);

/* Replaces the string at `to` by a copy. */
RESULT config_value_set_text(char **to, const char *text);

#endif
