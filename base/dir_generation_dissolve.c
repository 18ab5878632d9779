/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"

struct dissolving {
    struct dir *d, *present;
};

/* The file in the place of the link to it. */
static RESULT make_plain(void *arg, const char *name)
{
    const struct dissolving *s = arg;
    enum dir_generation_at at;

    TRY(dir_generation_link_look(s->d, name, &at));
    return at == DIR_AT_LINK ? dir_generation_link_replace(s->d, name, s->present) : NULL;
}

static RESULT remove_dangling(void *arg, const char *name)
{
    struct dir *d = arg;
    enum dir_generation_at at;

    TRY(dir_generation_link_look(d, name, &at));
    return at == DIR_AT_LINK ? dir_remove(d, name) : NULL;
}

static RESULT dissolve(struct dir *d)
{
    CLEANUP(dir_closep) struct dir *present = NULL;

    TRY(dir_generation_make_present(d, &present));
    if (present)
        TRY(dir_each(present, make_plain, &(struct dissolving){d, present}));
    TRY(dir_each(d, remove_dangling, d));
    TRY(dir_sync(d));
    return dir_remove(d, DIR_GENERATION_DATA);
}

RESULT dir_generation_dissolve(struct dir *d)
{
    char name[DIR_GENERATION_NAME_SIZE];
    struct err *e = dir_generation_link_current(d, name);

    if (err_code(e) == ERR_STORAGE && err_errno(e) == 0) {
        err_ignore(e, "a link of somebody else's is not ours to dissolve");
        return NULL;
    }
    TRY(e);
    if (*name)
        TRY(dissolve(d));
    dir_generation_make_prune(d);
    return NULL;
}
