/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_settings.h"

#include "base/dir.h"
#include "transport/environment.h"

/* Changing what is hashed, or how, changes these. */
#define CONNECTION "tbot connection settings 1"
#define JOIN "tbot join settings 1"

#define TEXT_MAX ((size_t)1 << 20)
#define CA_FILE_MAX ((size_t)1 << 20)

static RESULT add(struct buf *out, const char *text)
{
    struct bytes b = bytes_of_str(text ? text : "");
    TRY(buf_add_u64be(out, b.len));
    return buf_add(out, b.data, b.len);
}

static RESULT add_list(struct buf *out, const struct strlist *list)
{
    size_t n = list ? list->len : 0;
    TRY(buf_add_u64be(out, n));
    for (size_t i = 0; i < n; i++)
        TRY(add(out, list->items[i]));
    return NULL;
}

/* A file that cannot be read counts by its name: that it is missing is for the join to tell. */
static RESULT add_ca_file(struct buf *out, const char *path)
{
    CLEANUP(buf_freep) struct buf *content = NULL;
    char hash[SHA256_HEX_SIZE];
    struct err *e = path && *path ? file_read(path, CA_FILE_MAX, &content) : NULL;
    err_ignore(e, "see above");
    TRY(add(out, content ? "content" : "path"));
    if (!content)
        return add(out, path);
    TRY(sha256_hex(buf_bytes(content), hash));
    return add(out, hash);
}

static RESULT add_environment(struct buf *out, char *(*get)(const char *name))
{
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++)
        TRY(add(out, get(environment_names[i])));
    return NULL;
}

RESULT path_settings_hash(const struct path_settings *s, char ret[SHA256_HEX_SIZE])
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
    char address[ADDRESS_TEXT_SIZE];
    TRY(add(&text, CONNECTION));
    TRY(add(&text, address_format(s->address, address)));
    TRY(add(&text, path_kind_name(s->kind)));
    TRY(add_list(&text, s->ca_pins));
    TRY(add_ca_file(&text, s->ca_path));
    TRY(add(&text, s->insecure ? "insecure" : "verified"));
    TRY(add_environment(&text, s->get));
    return sha256_hex(buf_bytes(&text), ret);
}

RESULT path_settings_join_hash(const char *settings_hash, const char *method,
                               const struct secret *token, char ret[SHA256_HEX_SIZE])
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
    char token_hash[SHA256_HEX_SIZE] = "";
    if (token)
        TRY(sha256_hex(secret_bytes(token), token_hash));
    TRY(add(&text, JOIN));
    TRY(add(&text, settings_hash));
    TRY(add(&text, method));
    TRY(add(&text, token_hash));
    return sha256_hex(buf_bytes(&text), ret);
}
