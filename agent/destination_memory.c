/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are lost at exit: for bots that only serve what they hold. Or nearly: see `cache`. */
#include "agent/destination_kind.h"
#include "agent/secret_files.h"
#include "base/dir_generation.h"

#include <string.h>

#define CACHE_MAX_FILES 4096 /* OUTPUT_FILES_MAX */

struct memory {
    struct destination_kind kind; /* first: a pointer to it is a pointer to us */
    const struct config_destination *config;
    struct secret_files files;
    bool has_warned; /* of a copy that cannot be kept */
};

static void memory_free(struct destination_kind *k)
{
    struct memory *m = (struct memory *)k;

    secret_files_release(&m->files);
    free(m);
}

static RESULT load_file(struct dir *copy, const char *name, struct secret_files *into)
{
    CLEANUP(secret_freep) struct secret *content = NULL;

    TRY(dir_read_secret(copy, name, DESTINATION_MAX_FILE_SIZE, &content));
    return secret_files_put(into, name, secret_bytes(content));
}

/* The whole copy, or nothing. */
static RESULT load_copy(struct dir *copy, struct memory *m)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    CLEANUP(secret_files_release) struct secret_files next = {0};

    TRY(dir_list(copy, CACHE_MAX_FILES, &names));
    TRY(secret_files_copy(&m->files, names.len, &next));
    for (size_t i = 0; i < names.len; i++)
        TRY(load_file(copy, names.items[i], &next));
    secret_files_swap(&m->files, &next);
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

/* Everything is copied first: when memory runs out half way, the old set is still whole. */
static RESULT memory_publish(struct destination_kind *k, const struct dir_file *files,
                             size_t n_files, struct destination_report *ret)
{
    struct memory *m = (struct memory *)k;
    CLEANUP(secret_files_release) struct secret_files next = {0};

    TRY(secret_files_copy(&m->files, n_files, &next));
    for (size_t i = 0; i < n_files; i++)
        TRY(secret_files_put(&next, files[i].name, files[i].content));
    ret->changed = secret_files_changed(&m->files, files, n_files);
    secret_files_swap(&m->files, &next);
    return m->config->is_cached ? note_cache(m, write_cache(m, files, n_files), ret) : NULL;
}

static RESULT memory_read(struct destination_kind *k, const char *name, struct secret **ret)
{
    const struct secret *content = secret_files_find(&((struct memory *)k)->files, name);

    if (!content)
        return err_new(ERR_NOT_FOUND, "'%s' is not in memory", name);
    return secret_dup(content, ret);
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
