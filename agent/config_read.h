/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_READ_H
#define TBOT_AGENT_CONFIG_READ_H

/*
 * Reads maps as the tables of config_schema.h describe them: values are checked and put where the
 * table says, unknown and missing keys are reported, and what is not built is refused by name.
 */

#include "agent/config_report.h"
#include "agent/config_schema.h"
#include "agent/yaml_tree.h"

/*
 * `to` is the section's struct, or NULL to check only. `name` is what messages call the map when it
 * is none.
 */
RESULT config_read_section(struct config_report *report, const struct config_section *section,
                           const char *name, const struct yaml_node *node, void *to);

/* A path, or a map with `type`. */
RESULT config_read_destination(struct config_report *report, const char *name,
                               const struct yaml_node *node, struct config_destination *to);

/*
 * Looks up what the key `type` of a map names. *ret is NULL when there is no such variant, which is
 * then reported; one that is not built is reported too, but given, so that the rest can be checked.
 */
RESULT config_read_variant(struct config_report *report, const struct config_variants *variants,
                           const struct yaml_node *map, const struct config_variant **ret);

#endif
