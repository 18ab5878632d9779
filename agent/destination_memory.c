/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are lost at exit: for bots that only serve what they hold. */
#include "agent/destination_kind.h"

#include <string.h>

struct memory_file {
    char *name;
    struct secret *content;
};

struct memory_files {
    struct memory_file *items;
    size_t len;
};

struct memory {
    struct destination_kind kind; /* first: a pointer to it is a pointer to us */
    struct memory_files files;
};

static void files_release(struct memory_files *f)
{
    for (size_t i = 0; i < f->len; i++) {
        free(f->items[i].name);
        secret_free(f->items[i].content);
    }
    free(f->items);
    *f = (struct memory_files){0};
}

static struct memory_file *find(const struct memory_files *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return &f->items[i];
    }
    return NULL;
}

static void memory_free(struct destination_kind *k)
{
    struct memory *m = (struct memory *)k;

    files_release(&m->files);
    free(m);
}

static RESULT memory_prepare(struct destination_kind *k, struct destination_report *ret)
{
    (void)k;
    (void)ret;
    return NULL;
}

/* Into a list that has room. */
static RESULT put(struct memory_files *f, const char *name, struct bytes content)
{
    struct memory_file *file = find(f, name);
    CLEANUP(secret_freep) struct secret *copy = NULL;

    TRY(secret_new(content.data, content.len, &copy));
    if (!file) {
        char *own_name = strdup(name);
        if (!own_name)
            return err_nomem();
        file = &f->items[f->len++];
        *file = (struct memory_file){.name = own_name};
    }
    secret_free(file->content);
    file->content = TAKE(copy);
    return NULL;
}

static RESULT copy_with_room(const struct memory_files *from, size_t extra,
                             struct memory_files *ret)
{
    ret->items = calloc(from->len + extra + 1, sizeof(*ret->items));
    if (!ret->items)
        return err_nomem();
    for (size_t i = 0; i < from->len; i++)
        TRY(put(ret, from->items[i].name, secret_bytes(from->items[i].content)));
    return NULL;
}

static unsigned count_changed(const struct memory_files *before, const struct dir_file *files,
                              size_t n)
{
    unsigned changed = 0;

    for (size_t i = 0; i < n; i++) {
        const struct memory_file *old = find(before, files[i].name);
        changed += !old || !secret_equals(old->content, files[i].content);
    }
    return changed;
}

/* Everything is copied first: when memory runs out half way, the old set is still whole. */
static RESULT memory_publish(struct destination_kind *k, const struct dir_file *files,
                             size_t n_files, struct destination_report *ret)
{
    struct memory *m = (struct memory *)k;
    CLEANUP(files_release) struct memory_files next = {0};

    TRY(copy_with_room(&m->files, n_files, &next));
    for (size_t i = 0; i < n_files; i++)
        TRY(put(&next, files[i].name, files[i].content));
    ret->changed = count_changed(&m->files, files, n_files);

    struct memory_files old = m->files;
    m->files = next;
    next = old;
    return NULL;
}

static RESULT memory_read(struct destination_kind *k, const char *name, struct secret **ret)
{
    const struct memory_file *file = find(&((struct memory *)k)->files, name);

    if (!file)
        return err_new(ERR_NOT_FOUND, "'%s' is not in memory", name);
    return secret_dup(file->content, ret);
}

RESULT destination_memory_new(struct destination_kind **ret)
{
    struct memory *m = calloc(1, sizeof(*m));

    if (!m)
        return err_nomem();
    m->kind = (struct destination_kind){
        .text = "memory",
        .free = memory_free,
        .prepare = memory_prepare,
        .publish = memory_publish,
        .read = memory_read,
    };
    *ret = &m->kind;
    return NULL;
}
