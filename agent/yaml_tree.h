/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_YAML_TREE_H
#define TBOT_AGENT_YAML_TREE_H

/*
 * One YAML document as a small tree in which every node knows its line and column.
 *
 * The reading is strict on purpose: anchors, aliases, tags, duplicate keys, keys that are no plain
 * names and further documents are refused, for a configuration has no use for them and each of them
 * lets a file mean something else than it shows (an alias can also make it grow without bound).
 * Depth, number of nodes and size are bounded.
 *
 * A scalar may be a join token: its text never enters a message, and is wiped when the tree is
 * freed. libyaml's own buffers are beyond our reach.
 */

#include "agent/config_report.h"

#define YAML_TREE_MAX_SIZE (1024 * 1024)
#define YAML_TREE_MAX_NODES 10000
#define YAML_TREE_MAX_DEPTH 16

enum yaml_kind {
    YAML_SCALAR,
    YAML_LIST,
    YAML_MAP,
};

struct yaml_node {
    enum yaml_kind kind;
    bool is_plain; /* a scalar without quotes, which may be a number, a switch or null */
    struct config_at at;
    char *text; /* scalar */

    /* Inside a map: its name there. */
    char *key;
    struct config_at at_key;

    struct yaml_node *first; /* list, map: the children, in the order of the file */
    struct yaml_node *next;  /* sibling */
};

/*
 * Mistakes go to `report`. *ret is NULL when the text cannot be used at all (not YAML, empty, over
 * a bound); after lesser ones (a duplicate key, an anchor) it is the tree without them, to be
 * searched for more.
 */
RESULT yaml_tree_parse(struct bytes text, struct config_report *report, struct yaml_node **ret);

void yaml_tree_free(struct yaml_node *node); /* with everything below; accepts NULL */
static inline void yaml_tree_freep(struct yaml_node **node)
{
    yaml_tree_free(*node);
}

/* The child of that name, or NULL. */
const struct yaml_node *yaml_tree_get(const struct yaml_node *map, const char *key);

size_t yaml_tree_count(const struct yaml_node *node); /* children */

/* "text", "a list", "a map": for messages. */
const char *yaml_tree_kind_name(const struct yaml_node *node);

/* A plain scalar that YAML reads as "no value": empty, ~, null. */
bool yaml_tree_is_null(const struct yaml_node *node);

#endif
