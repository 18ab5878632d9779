/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who writes where somebody else does. Reading the configuration compares the texts of paths; here
 * they are followed: links, "..", what is mounted twice.
 */
#include "agent/check_private.h"

#include "agent/absolute_path.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CLASH "clash"

/* A directory of the configuration, as it really is. */
struct spot {
    const char *name; /* of the service; NULL: the storage */
    const char *text; /* as it is written */
    char *path;       /* absolute, without links; the missing end of it as it is written */
    bool exists;
    dev_t dev;
    ino_t ino;
};

struct spots {
    struct spot *items;
    size_t len;
};

static void spots_release(struct spots *s)
{
    for (size_t i = 0; i < s->len; i++)
        free(s->items[i].path);
    free(s->items);
}

/* Where the missing part of a path begins nobody's link can be: it is appended as it is. */
static struct err *append(char *real, const char *missing, char **ret)
{
    CLEANUP(freep) char *owned = real;
    const char *slash = strcmp(owned, "/") == 0 ? "" : "/";
    return text_format(ret, "%s%s%s", owned, *missing ? slash : "", missing);
}

/* The longest beginning of `text` that is there, resolved, and the rest behind it. */
static struct err *resolve(const char *text, char **ret)
{
    CLEANUP(freep) char *head = strdup(text);
    if (!head)
        return err_nomem();
    size_t end = strlen(text);
    for (;;) {
        while (end > 1 && head[end - 1] == '/')
            end--;
        head[end] = '\0';
        char *real = realpath(end ? head : ".", NULL);
        const char *missing = text + end + strspn(text + end, "/");
        if (real)
            return append(real, missing, ret);
        if (errno != ENOENT || end == 0 || strcmp(head, "/") == 0)
            return err_sys(ERR_STORAGE, errno, "follow '%s'", text);
        const char *slash = strrchr(head, '/');
        end = slash ? (size_t)(slash - head) + (slash == head) : 0;
    }
}

static struct err *find_spot(const char *name, const struct config_destination *d, struct spot *ret)
{
    struct stat st;
    *ret = (struct spot){.name = name, .text = d->path};
    TRY(resolve(d->path, &ret->path));
    ret->exists = stat(ret->path, &st) == 0;
    if (ret->exists) {
        ret->dev = st.st_dev;
        ret->ino = st.st_ino;
    }
    return NULL;
}

static bool is_same(const struct spot *a, const struct spot *b)
{
    if (strcmp(a->path, b->path) == 0)
        return true;
    return a->exists && b->exists && a->dev == b->dev && a->ino == b->ino;
}

static bool is_inside(const struct spot *inner, const struct spot *outer)
{
    return absolute_path_is_within(inner->path, outer->path);
}

/* Two that are written alike were told of when the configuration was read. */
static bool is_told(const struct spot *a, const struct spot *b)
{
    return strcmp(a->text, b->text) == 0;
}

static void compare_with_storage(struct check *c, const struct spot *output,
                                 const struct spot *storage)
{
    const struct check_point at = {CLASH, output->name};
    if (is_same(output, storage))
        check_fail(c, &at, "Give the output a directory of its own.",
                   "'%s' is the bot's own storage '%s': the output would overwrite the bot's key",
                   output->text, storage->text);
    else if (is_inside(output, storage))
        check_warn(c, &at, "Keep outputs out of the storage: what reads them needs a way into it.",
                   "'%s' is inside the bot's own storage '%s'", output->text, storage->text);
    else if (is_inside(storage, output))
        check_warn(c, &at,
                   "Keep the storage out of outputs: what reads them gets near the bot's key.",
                   "the bot's own storage '%s' is inside '%s'", storage->text, output->text);
}

static void compare_outputs(struct check *c, const struct spot *a, const struct spot *b)
{
    if (!is_same(a, b) || is_told(a, b))
        return;
    check_warn(c, &(struct check_point){CLASH, b->name}, "Give each output a directory of its own.",
               "'%s' is the directory '%s' of '%s': they overwrite each other's files", b->text,
               a->text, a->name);
}

static void compare(struct check *c, const struct spots *s, const struct spot *storage)
{
    for (size_t i = 0; i < s->len; i++) {
        if (storage->path)
            compare_with_storage(c, &s->items[i], storage);
        for (size_t j = 0; j < i; j++)
            compare_outputs(c, &s->items[j], &s->items[i]);
    }
}

/* What cannot be followed has been told of where it was looked at, and can clash with nothing. */
static void add_spot(struct spots *s, const char *name, const struct config_destination *d)
{
    if (d->type != CONFIG_DESTINATION_DIRECTORY)
        return;
    struct err *e = find_spot(name, d, &s->items[s->len]);
    s->len += e == NULL;
    err_ignore(e, "told of already");
}

void check_clash(struct check *c, const struct config *config)
{
    CLEANUP(spots_release) struct spots outputs = {0};
    CLEANUP(spots_release) struct spots storage = {0};
    outputs.items = calloc(config->n_services + 1, sizeof(*outputs.items));
    storage.items = calloc(1, sizeof(*storage.items));
    if (!outputs.items || !storage.items) {
        check_err(c, &(struct check_point){CLASH, "outputs"}, CHECK_FAILED, err_nomem());
        return;
    }
    add_spot(&storage, NULL, &config->storage);
    for (size_t i = 0; i < config->n_services; i++)
        add_spot(&outputs, config->services[i].name, &config->services[i].destination);
    compare(c, &outputs, storage.items);
}
