/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/reload_reply.h"

#include "cmd/status_doc.h"
#include "transport/json_read.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static size_t count(const json_t *root, const char *key)
{
    return json_array_size(json_object_get(root, key));
}

static void put_list(const json_t *root, const char *key, const char *word, const char *more,
                     FILE *to)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(root, key), i, item)
    {
        const char *text = json_string_value(item);
        fprintf(to, "  %-8s %s%s\n", word, text ? text : "?", more);
    }
}

RESULT reload_reply_print(struct bytes body, FILE *to)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    TRY(status_doc_parse(body, &root));
    const json_t *kept = json_object_get(root, "kept");
    if (!json_is_integer(kept))
        return err_new(ERR_PROTOCOL, "the agent's reply does not say what was changed");
    fprintf(to,
            "the new configuration is in force: %zu added, %zu changed, %zu removed, %lld kept\n",
            count(root, "added"), count(root, "changed"), count(root, "removed"),
            (long long)json_integer_value(kept));
    put_list(root, "added", "added", "", to);
    put_list(root, "changed", "changed", "", to);
    put_list(root, "removed", "removed", " (its files stay)", to);
    put_list(root, "warnings", "warning:", "", to);
    return NULL;
}

static RESULT add_errors(const json_t *root, struct buf *out)
{
    size_t i;
    const json_t *item;
    TRY(buf_add_str(out, "the new configuration is not in force, nothing was changed"));
    json_array_foreach(json_object_get(root, "errors"), i, item)
    {
        const char *text = json_string_value(item);
        TRY(buf_printf(out, "\n%s", text ? text : "?"));
    }
    return NULL;
}

struct err *reload_reply_error(struct bytes body)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
    TRY(status_doc_parse(body, &root));
    TRY(add_errors(root, &text));
    struct err *e = err_new(ERR_REJECTED, "%s", buf_str(&text));
    if (count(root, "restart_needed") == 0)
        return e;
    return err_set_hint(e, "What needs a restart is taken up by 'systemctl restart', or another "
                           "stop and start of the agent.");
}
