/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/secret_files.h"

#include <string.h>

void secret_files_release(struct secret_files *f)
{
    for (size_t i = 0; i < f->len; i++) {
        free(f->items[i].name);
        secret_free(f->items[i].content);
    }
    free(f->items);
    *f = (struct secret_files){0};
}

static struct secret_file *find(const struct secret_files *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return &f->items[i];
    }
    return NULL;
}

const struct secret *secret_files_find(const struct secret_files *f, const char *name)
{
    const struct secret_file *file = find(f, name);
    return file ? file->content : NULL;
}

RESULT secret_files_put(struct secret_files *f, const char *name, struct bytes content)
{
    struct secret_file *file = find(f, name);
    CLEANUP(secret_freep) struct secret *copy = NULL;

    TRY(secret_new(content.data, content.len, &copy));
    if (!file) {
        char *own_name = strdup(name);
        if (!own_name)
            return err_nomem();
        file = &f->items[f->len++];
        *file = (struct secret_file){.name = own_name};
    }
    secret_free(file->content);
    file->content = TAKE(copy);
    return NULL;
}

RESULT secret_files_copy(const struct secret_files *from, size_t extra, struct secret_files *ret)
{
    ret->items = calloc(from->len + extra + 1, sizeof(*ret->items));
    if (!ret->items)
        return err_nomem();
    for (size_t i = 0; i < from->len; i++)
        TRY(secret_files_put(ret, from->items[i].name, secret_bytes(from->items[i].content)));
    return NULL;
}

unsigned secret_files_changed(const struct secret_files *f, const struct dir_file *files, size_t n)
{
    unsigned changed = 0;

    for (size_t i = 0; i < n; i++) {
        const struct secret *old = secret_files_find(f, files[i].name);
        changed += !old || !secret_equals(old, files[i].content);
    }
    return changed;
}
