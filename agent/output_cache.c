/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_cache.h"

#include "agent/output_job.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MAX_COPIES CONFIG_MAX_SERVICES

static const struct config_service *find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->n_services; i++) {
        const struct config_service *s = &config->services[i];
        if (s->destination.is_cached && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

/* What the output would find in it. */
static RESULT load(const struct config_service *service, struct output_job_result *ret)
{
    CLEANUP(destination_freep) struct destination *d = NULL;
    CLEANUP(destination_report_release) struct destination_report report = {0};
    TRY(destination_new(&service->destination, entropy_system(), &d));
    TRY(destination_prepare(d, &report));
    return output_job_load(&(struct output_job){.service = service, .destination = d}, ret);
}

/* Why a copy has to go; NULL: it has not. */
static RESULT judge(const struct config *config, const char *name, struct wall now,
                    const char **ret_why)
{
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    const struct config_service *service = find(config, name);
    *ret_why = service ? NULL : "no output of this name keeps one";
    if (!service)
        return NULL;
    struct err *e = load(service, &result);
    if (err_code(e) == ERR_NOMEM)
        return e;
    if (e)
        *ret_why = result.report.warnings.len > 0 ? "it is damaged" : "there is nothing in it";
    else if (!wall_before(now, result.validity.not_after))
        *ret_why = "it has expired";
    err_free(e);
    return NULL;
}

static RESULT note(struct strlist *notes, const char *name, const char *why)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1024);
    TRY(buf_printf(&text, "the copy of output '%.255s' is removed from the storage: %s", name,
                   why));
    return strlist_add(notes, buf_str(&text));
}

static RESULT sweep_one(const struct config *config, struct dir *cache, const char *name,
                        struct wall now, struct strlist *notes)
{
    const char *why = NULL;
    TRY(judge(config, name, now, &why));
    if (!why)
        return NULL;
    TRY(dir_remove_dir(cache, name));
    return note(notes, name, why);
}

static RESULT open_cache(const struct config_destination *storage, struct dir **ret)
{
    CLEANUP(freep) char *path = NULL;
    TRY(text_format(&path, "%s/" CONFIG_CACHE, storage->path));
    return dir_open(path, storage->symlinks, false, ret);
}

/* One that cannot be removed does not keep the others. */
static RESULT sweep_all(const struct config *config, struct dir *cache, struct wall now,
                        struct strlist *notes)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    struct err *first = NULL;
    TRY(dir_list(cache, MAX_COPIES, &names));
    for (size_t i = 0; i < names.len; i++) {
        struct err *e = sweep_one(config, cache, names.items[i], now, notes);
        if (first)
            err_free(e);
        else
            first = e;
    }
    return first;
}

RESULT output_cache_sweep(const struct config *config, struct wall now, struct strlist *ret_notes)
{
    CLEANUP(dir_closep) struct dir *cache = NULL;
    if (config->storage.type != CONFIG_DESTINATION_DIRECTORY)
        return NULL;
    struct err *e = open_cache(&config->storage, &cache);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "no copy was ever kept");
        return NULL;
    }
    TRY(e);
    return sweep_all(config, cache, now, ret_notes);
}

/* See config_validate(): the copy of each output is a directory that has its name. */
RESULT output_cache_remove(const struct config_destination *place, const char *name)
{
    CLEANUP(dir_closep) struct dir *cache = NULL;
    CLEANUP(freep) char *parent = strdup(place->path);
    char *slash = parent ? strrchr(parent, '/') : NULL;
    if (!slash)
        return err_nomem();
    *slash = '\0';
    struct err *e = dir_open(parent, place->symlinks, false, &cache);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "no copy was ever kept");
        return NULL;
    }
    TRY(e);
    return dir_remove_dir(cache, name);
}
