/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JSON_READ_H
#define TBOT_TRANSPORT_JSON_READ_H

/*
 * Reading JSON that others wrote, within bounds: nesting, number of values, every text. Private to
 * the files that turn JSON into plain structs; the library's types go no further.
 *
 *     CLEANUP(json_decrefp) json_t *root = NULL;
 *     TRY(json_read("the reply", body, JSON_OBJECT, &root));
 *     TRY(json_read_text("the reply", root, "name", sizeof(name), name));
 *
 * `what` names the whole in errors, which are ERR_PROTOCOL, or ERR_NOMEM. What is freed is wiped before:
 * it may be secret.
 */

#include "base/buf.h"

#include <jansson.h>

/* A whole document: an object or an array, as `type` says, without duplicate members. */
RESULT json_read(const char *what, struct bytes in, json_type type, json_t **ret);

/* Borrowed; NULL when absent or null. */
RESULT json_read_member(const char *what, const json_t *object, const char *name, json_type type,
                        const json_t **ret);

/* False when absent or null. */
RESULT json_read_flag(const char *what, const json_t *object, const char *name, bool *ret);

/* A text without control bytes, shorter than `size`; "" when absent or null. */
RESULT json_read_text(const char *what, const json_t *object, const char *name, size_t size,
                      char *ret);

#endif
