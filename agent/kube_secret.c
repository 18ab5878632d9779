/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_secret.h"

#include "base/encode.h"
#include "transport/json_read.h"

#include <string.h>

#define WHAT "the secret"
#define KEY_MAX 253 /* bytes of a key, as Kubernetes has it */
#define FIXED_ROOM 1024
#define KEY_ROOM 300   /* a key at its longest, and what is around it */
#define LABEL_ROOM 512 /* both parts at their longest, and what is around them */

/* --- writing --- */

static RESULT add(struct secret *s, const char *text)
{
    return secret_append(s, text, strlen(text));
}

/* Names and labels were checked: nothing in them needs to be escaped. */
static RESULT add_pair(struct secret *s, const char *before, const char *name, const char *value)
{
    TRY(add(s, before));
    TRY(add(s, "\""));
    TRY(add(s, name));
    TRY(add(s, "\":\""));
    TRY(add(s, value));
    return add(s, "\"");
}

/* In pieces, so that no more than one is ever outside of the secret's memory. */
static RESULT add_base64(struct secret *s, struct bytes content)
{
    const size_t piece = (size_t)3 * 1024;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * piece);
    struct err *e = NULL;
    for (size_t at = 0; at < content.len && !e; at += piece) {
        size_t left = content.len - at;
        buf_clear(&text);
        e = base64_encode((struct bytes){content.data + at, left < piece ? left : piece}, &text);
        if (!e)
            e = secret_append(s, text.data, text.len);
    }
    secret_wipe(text.data, text.cap);
    return e;
}

static bool is_key(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= KEY_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

static RESULT measure(const struct dir_file *files, size_t n, size_t *ret)
{
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_key(files[i].name))
            return err_new(ERR_STORAGE, "'%s' cannot be a key of a Kubernetes secret",
                           files[i].name);
        all += files[i].content.len;
    }
    if (all > KUBE_SECRET_MAX)
        return err_set_hint(err_new(ERR_STORAGE,
                                    "the files have %zu bytes, a Kubernetes secret %d at most", all,
                                    KUBE_SECRET_MAX),
                            "Use a directory on a shared volume for this output.");
    *ret = all;
    return NULL;
}

static RESULT add_metadata(const struct kube_secret *k, struct secret *s)
{
    TRY(add(s, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{"));
    TRY(add_pair(s, "", "name", k->name));
    TRY(add_pair(s, ",", "namespace", k->name_space));
    TRY(add(s, ",\"labels\":{"));
    for (size_t i = 0; i < k->n_labels; i++)
        TRY(add_pair(s, i > 0 ? "," : "", k->labels[i].name, k->labels[i].value));
    return add(s, "}},\"type\":\"Opaque\",\"data\":{");
}

RESULT kube_secret_encode(const struct kube_secret *k, const struct dir_file *files, size_t n_files,
                          struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *s = NULL;
    size_t size = 0;
    TRY(measure(files, n_files, &size));
    TRY(secret_with_room(FIXED_ROOM + 2 * size + KEY_ROOM * n_files + LABEL_ROOM * k->n_labels,
                         &s));
    TRY(add_metadata(k, s));
    for (size_t i = 0; i < n_files; i++) {
        TRY(add(s, i > 0 ? ",\"" : "\""));
        TRY(add(s, files[i].name));
        TRY(add(s, "\":\""));
        TRY(add_base64(s, files[i].content));
        TRY(add(s, "\""));
    }
    TRY(add(s, "}}"));
    *ret = TAKE(s);
    return NULL;
}

/* --- reading --- */

static bool is_text(const json_t *json, const char *text)
{
    const char *value = json_string_value(json);
    return value && strcmp(value, text) == 0;
}

static bool has_applied(const json_t *secret, const char *manager)
{
    const json_t *fields = json_object_get(json_object_get(secret, "metadata"), "managedFields");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *one = json_array_get(fields, i);
        if (is_text(json_object_get(one, "manager"), manager) &&
            is_text(json_object_get(one, "operation"), "Apply"))
            return true;
    }
    return false;
}

static RESULT take(struct secret_files *files, const char *name, const json_t *value)
{
    CLEANUP(buf_release) struct buf content = BUF_INIT(KUBE_SECRET_MAX);
    struct bytes text = {(const uint8_t *)json_string_value(value), json_string_length(value)};
    struct err *e = json_is_string(value) ? base64_decode(text, &content)
                                          : err_new(ERR_PROTOCOL, "it is no text");
    if (!e)
        e = secret_files_put(files, name, buf_bytes(&content));
    secret_wipe(content.data, content.cap);
    return e ? err_wrap(e, WHAT ": '%.64s'", name) : NULL;
}

RESULT kube_secret_decode(struct bytes json, const char *manager, struct secret_files *ret,
                          bool *ret_is_ours)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    CLEANUP(secret_files_release) struct secret_files files = {0};
    const json_t *data = NULL, *value = NULL;
    const char *name = NULL;
    TRY(json_read(WHAT, json, JSON_OBJECT, &root));
    TRY(json_read_member(WHAT, root, "data", JSON_OBJECT, &data));
    TRY(secret_files_copy(&(struct secret_files){0}, json_object_size(data), &files));
    json_object_foreach((json_t *)(uintptr_t)data, name, value) /* only read */
        TRY(take(&files, name, value));
    *ret_is_ours = has_applied(root, manager);
    secret_files_swap(ret, &files);
    return NULL;
}
