/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/reply_text.h"

#include "base/cleanup.h"
#include "cmd/plain_text.h"
#include "transport/json_read.h"

char *reply_text(struct bytes body, const char *key)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    struct err *e = json_read("the agent's reply", body, JSON_OBJECT, &root);
    err_ignore(e, "a reply without words is one without words");
    const char *text = json_string_value(json_object_get(root, key));
    return text ? plain_text(text) : NULL;
}
