/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_YAML_WRITE_H
#define TBOT_AGENT_YAML_WRITE_H

/*
 * Writes block-style YAML with an indent of two into a secret with room.
 *
 *     struct yaml_write w = { .out = text };
 *     TRY(yaml_write_text(&w, "version", "v2"));            version: v2
 *     TRY(yaml_write_open(&w, "services"));                 services:
 *     TRY(yaml_write_item(&w));                               -
 *     TRY(yaml_write_text(&w, "type", "identity"));           - type: identity
 *     yaml_write_close(&w);                                 (the item)
 *     yaml_write_close(&w);                                 (services)
 *
 * Text that is not UTF-8 cannot be written: ERR_CONFIG.
 */

#include "base/clock.h"
#include "base/secret.h"
#include "base/strlist.h"

struct yaml_write {
    struct secret *out; /* borrowed */
    unsigned depth;     /* private */
    bool is_item;       /* private: the next line begins with "- " */
};

/* A `key:` with what follows below it. */
RESULT yaml_write_open(struct yaml_write *w, const char *key);
RESULT yaml_write_item(struct yaml_write *w); /* one map of a list */
void yaml_write_close(struct yaml_write *w);  /* ends either */

RESULT yaml_write_text(struct yaml_write *w, const char *key, const char *value);
RESULT yaml_write_bool(struct yaml_write *w, const char *key, bool value);
RESULT yaml_write_duration(struct yaml_write *w, const char *key, struct dur value);
RESULT yaml_write_texts(struct yaml_write *w, const char *key, const struct strlist *values);

#endif
