/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/place.h"

#include <string.h>

void place_release(struct place *p)
{
    dir_close(p->dir);
    free(p->name);
    *p = (struct place){NULL, NULL};
}

RESULT place_open(const char *path, struct place *ret)
{
    CLEANUP(place_release) struct place p = {NULL, NULL};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name)
        return err_new(ERR_USAGE, "'%s' does not name a file", path);
    CLEANUP(freep) char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    p.name = strdup(name);
    if (!dir || !p.name)
        return err_nomem();
    TRY_CTX(dir_open(dir, SYMLINKS_INSECURE, false, &p.dir), "opening the directory of '%s'", path);
    *ret = p;
    p = (struct place){NULL, NULL};
    return NULL;
}

RESULT place_write(const char *path, struct bytes content)
{
    CLEANUP(place_release) struct place p = {NULL, NULL};
    TRY(place_open(path, &p));
    TRY_CTX(dir_replace(p.dir, p.name, content, 0600), "writing '%s'", path);
    return NULL;
}
