/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/yaml_tree.h"

#include "base/secret.h"

#include <string.h>
#include <yaml.h>

/* A list or map being filled; the innermost is on top of the stack. */
struct level {
    struct yaml_node *node;
    struct yaml_node *last; /* its newest child */
    char *key;              /* map: read, and its value is still to come */
    struct config_at at_key;
};

static const struct config_at start_of_file = {1, 1};

struct builder {
    yaml_parser_t parser;
    struct config_report *report;
    struct yaml_node *root;
    struct level levels[YAML_TREE_MAX_DEPTH];
    unsigned depth;
    unsigned n_nodes;
    unsigned n_documents;
    bool has_ended;  /* everything was read */
    bool has_failed; /* there is no use in reading on */
};

static void free_text(char *text)
{
    if (text)
        secret_wipe(text, strlen(text));
    free(text);
}

/* Recursion is as deep as the tree: at most YAML_TREE_MAX_DEPTH. */
void yaml_tree_free(struct yaml_node *node)
{
    if (!node)
        return;
    for (struct yaml_node *child = node->first, *next; child; child = next) {
        next = child->next;
        yaml_tree_free(child);
    }
    free_text(node->text);
    free_text(node->key);
    free(node);
}

const struct yaml_node *yaml_tree_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_node *child = map->first; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

size_t yaml_tree_count(const struct yaml_node *node)
{
    size_t n = 0;
    for (const struct yaml_node *child = node->first; child; child = child->next)
        n++;
    return n;
}

const char *yaml_tree_kind_name(const struct yaml_node *node)
{
    static const char *const names[] = {"text", "a list", "a map"};
    return names[node->kind];
}

bool yaml_tree_is_null(const struct yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != YAML_SCALAR || !node->is_plain)
        return false;
    for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++)
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    return false;
}

static struct config_at at_mark(yaml_mark_t mark)
{
    return (struct config_at){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

/* Reports what makes reading on pointless. */
static RESULT fail(struct builder *b, struct config_at at, const char *what)
{
    b->has_failed = true;
    return config_report_error(b->report, at, "%s", what);
}

static struct level *top(struct builder *b)
{
    return b->depth > 0 ? &b->levels[b->depth - 1] : NULL;
}

static RESULT refuse_anchor_and_tag(struct builder *b, struct config_at at,
                                    const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        TRY(config_report_error(b->report, at,
                                "anchors ('&') are not allowed; quote text that begins with '&'"));
    if (tag)
        TRY(config_report_error(b->report, at,
                                "tags ('!') are not allowed; quote text that begins with '!'"));
    return NULL;
}

/* A second value under the same name stays in the tree too: the whole file is refused anyhow. */
static RESULT attach(struct builder *b, struct yaml_node *node)
{
    struct level *level = top(b);
    if (!level) {
        b->root = node;
        return NULL;
    }
    if (level->node->kind == YAML_MAP) {
        const struct yaml_node *twin = yaml_tree_get(level->node, level->key);
        if (twin)
            TRY(config_report_error(b->report, level->at_key,
                                    "key '%.64s': appears twice, first in line %u", level->key,
                                    twin->at_key.line));
        node->key = TAKE(level->key);
        node->at_key = level->at_key;
    }
    if (level->last)
        level->last->next = node;
    else
        level->node->first = node;
    level->last = node;
    return NULL;
}

/* *ret stays NULL when the file has too many. */
static RESULT add_node(struct builder *b, enum yaml_kind kind, struct config_at at,
                       struct yaml_node **ret)
{
    if (++b->n_nodes > YAML_TREE_MAX_NODES)
        return fail(b, at, "too many values in this file");
    CLEANUP(yaml_tree_freep) struct yaml_node *node = calloc(1, sizeof(*node));
    if (!node)
        return err_nomem();
    node->kind = kind;
    node->at = at;
    TRY(attach(b, node));
    *ret = TAKE(node); /* the tree owns it now */
    return NULL;
}

static bool awaits_key(struct builder *b)
{
    const struct level *level = top(b);
    return level && level->node->kind == YAML_MAP && !level->key;
}

static RESULT on_scalar(struct builder *b, const yaml_event_t *event)
{
    struct config_at at = at_mark(event->start_mark);
    const char *value = (const char *)event->data.scalar.value;
    TRY(refuse_anchor_and_tag(b, at, event->data.scalar.anchor, event->data.scalar.tag));
    if (strlen(value) != event->data.scalar.length)
        return fail(b, at, "text contains a NUL character");
    bool is_key = awaits_key(b);
    struct yaml_node *node = NULL;
    if (!is_key)
        TRY(add_node(b, YAML_SCALAR, at, &node));
    if (!is_key && !node)
        return NULL;
    char *text = strdup(value);
    if (!text)
        return err_nomem();
    if (is_key) {
        top(b)->key = text;
        top(b)->at_key = at;
        return NULL;
    }
    node->text = text;
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return NULL;
}

static RESULT on_start(struct builder *b, enum yaml_kind kind, yaml_mark_t mark,
                       const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct config_at at = at_mark(mark);
    TRY(refuse_anchor_and_tag(b, at, anchor, tag));
    if (awaits_key(b))
        return fail(b, at, "a key must be a plain name");
    if (b->depth == YAML_TREE_MAX_DEPTH)
        return fail(b, at, "nested too deeply");
    struct yaml_node *node = NULL;
    TRY(add_node(b, kind, at, &node));
    if (node)
        b->levels[b->depth++] = (struct level){.node = node};
    return NULL;
}

static RESULT on_document(struct builder *b, struct config_at at)
{
    if (++b->n_documents > 1)
        return fail(b, at, "a second document ('---') is not allowed");
    return NULL;
}

static RESULT on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(b, at_mark(event->start_mark));
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, YAML_LIST, event->start_mark, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, YAML_MAP, event->start_mark, event->data.mapping_start.anchor,
                        event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return NULL;
    case YAML_ALIAS_EVENT:
        return fail(b, at_mark(event->start_mark),
                    "aliases ('*') are not allowed; quote text that begins with '*'");
    case YAML_STREAM_END_EVENT:
        b->has_ended = true;
        return NULL;
    default:
        return NULL;
    }
}

/* libyaml's texts name the kind of mistake only, never the file's content. */
static RESULT on_syntax_error(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return err_nomem();
    b->has_failed = true;
    const char *problem = p->problem ? p->problem : "cannot be read";
    if (p->error == YAML_READER_ERROR)
        return config_report_error(b->report, start_of_file, "not valid YAML: %s (byte %zu)",
                                   problem, p->problem_offset);
    return config_report_error(b->report, at_mark(p->problem_mark), "not valid YAML: %s%s%s",
                               problem, p->context ? ", " : "", p->context ? p->context : "");
}

static RESULT step(struct builder *b)
{
    yaml_event_t event;
    if (!yaml_parser_parse(&b->parser, &event))
        return on_syntax_error(b);
    struct err *e = on_event(b, &event);
    if (event.type == YAML_SCALAR_EVENT) /* it may have been a token */
        secret_wipe(event.data.scalar.value, event.data.scalar.length);
    yaml_event_delete(&event);
    return e;
}

/* Its buffers hold the file's text, and with that the token. */
static void parser_release(yaml_parser_t *p)
{
    secret_wipe(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
    secret_wipe(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
    yaml_parser_delete(p);
}

static void builder_release(struct builder *b)
{
    for (unsigned i = 0; i < YAML_TREE_MAX_DEPTH; i++)
        free_text(b->levels[i].key);
    yaml_tree_free(b->root);
    parser_release(&b->parser);
}

struct err *yaml_tree_parse(struct bytes text, struct config_report *report, struct yaml_node **ret)
{
    *ret = NULL;
    if (text.len > YAML_TREE_MAX_SIZE)
        return config_report_error(report, start_of_file, "larger than %d bytes",
                                   YAML_TREE_MAX_SIZE);
    CLEANUP(builder_release) struct builder b = {.report = report};
    if (!yaml_parser_initialize(&b.parser))
        return err_nomem();
    /* An empty buffer has no bytes to point at, which libyaml takes for a mistake. */
    const uint8_t *input = text.len > 0 ? text.data : (const uint8_t *)"";
    yaml_parser_set_input_string(&b.parser, input, text.len);
    while (!b.has_ended && !b.has_failed)
        TRY(step(&b));
    if (b.has_failed)
        return NULL;
    if (!b.root)
        return config_report_error(report, start_of_file, "the file is empty");
    *ret = TAKE(b.root);
    return NULL;
}
