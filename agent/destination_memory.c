/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are lost at exit: for bots that only serve what they hold. Or nearly: see `cache`. */
#include "agent/destination_kind.h"
#include "base/dir_generation.h"

#include <string.h>

#define CACHE_MAX_FILES 4096 /* OUTPUT_FILES_MAX */

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
    const struct config_destination *config;
    struct memory_files files;
    bool has_warned; /* of a copy that cannot be kept */
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

static void replace_files(struct memory *m, struct memory_files *next)
{
    struct memory_files old = m->files;

    m->files = *next;
    *next = old;
}

static RESULT load_file(struct dir *copy, const char *name, struct memory_files *into)
{
    CLEANUP(secret_freep) struct secret *content = NULL;

    TRY(dir_read_secret(copy, name, DESTINATION_MAX_FILE_SIZE, &content));
    return put(into, name, secret_bytes(content));
}

/* The whole copy, or nothing. */
static RESULT load_copy(struct dir *copy, struct memory *m)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    CLEANUP(files_release) struct memory_files next = {0};

    TRY(dir_list(copy, CACHE_MAX_FILES, &names));
    TRY(copy_with_room(&m->files, names.len, &next));
    for (size_t i = 0; i < names.len; i++)
        TRY(load_file(copy, names.items[i], &next));
    replace_files(m, &next);
    return NULL;
}

/* A generation, so that what a start finds is one set, wherever the last run was interrupted. */
static RESULT open_cache(struct memory *m)
{
    CLEANUP(dir_closep) struct dir *dir = NULL, *copy = NULL;

    TRY(dir_open(m->config->path, m->config->symlinks, true, &dir));
    TRY(dir_generation_prepare(dir));
    struct err *e = dir_generation_open(dir, &copy);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "nothing was kept yet");
        return NULL;
    }
    TRY(e);
    return load_copy(copy, m);
}

static RESULT write_cache(const struct memory *m, const struct dir_file *files, size_t n)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;

    TRY(dir_open(m->config->path, m->config->symlinks, true, &dir));
    return dir_generation_publish(dir, files, n, NULL);
}

/* What is in memory serves without its copy too: a person is told, once until it works again. */
static RESULT note_cache(struct memory *m, struct err *failure, struct destination_report *report)
{
    CLEANUP(err_freep) struct err *e = failure;
    bool is_news = e && !m->has_warned;

    m->has_warned = e;
    if (err_code(e) == ERR_NOMEM)
        return TAKE(e);
    return is_news ? destination_report_warn(report, "'cache': no copy for the next start: ", e, "")
                   : NULL;
}

static RESULT memory_prepare(struct destination_kind *k, struct destination_report *ret)
{
    struct memory *m = (struct memory *)k;

    return m->config->is_cached ? note_cache(m, open_cache(m), ret) : NULL;
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
    replace_files(m, &next);
    return m->config->is_cached ? note_cache(m, write_cache(m, files, n_files), ret) : NULL;
}

static RESULT memory_read(struct destination_kind *k, const char *name, struct secret **ret)
{
    const struct memory_file *file = find(&((struct memory *)k)->files, name);

    if (!file)
        return err_new(ERR_NOT_FOUND, "'%s' is not in memory", name);
    return secret_dup(file->content, ret);
}

RESULT destination_memory_new(const struct config_destination *config,
                              struct destination_kind **ret)
{
    struct memory *m = calloc(1, sizeof(*m));

    if (!m)
        return err_nomem();
    m->config = config;
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
