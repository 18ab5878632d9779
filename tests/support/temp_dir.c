/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temp_dir.h"

#include "tests/support/assert_err.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>

void temp_dir_make(struct temp_dir *t)
{
    snprintf(t->path, sizeof(t->path), "/tmp/tbot-test-XXXXXX");
    if (!mkdtemp(t->path))
        fail_msg("mkdtemp '%s' failed", t->path);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void temp_dir_remove(struct temp_dir *t)
{
    if (nftw(t->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fail_msg("cannot remove '%s'", t->path);
}

const char *temp_dir_join(struct temp_dir *t, const char *name)
{
    snprintf(t->joined, sizeof(t->joined), "%s/%s", t->path, name);
    return t->joined;
}

void temp_dir_write(struct temp_dir *t, const char *name, const char *content)
{
    FILE *f = fopen(temp_dir_join(t, name), "we");

    if (!f || fputs(content, f) == EOF || fclose(f) != 0)
        fail_msg("cannot write '%s'", t->joined);
}

char *temp_dir_read(struct temp_dir *t, const char *name)
{
    FILE *f = fopen(temp_dir_join(t, name), "re");
    char *text = NULL;
    size_t size = 0;

    if (!f)
        return NULL;
    if (getdelim(&text, &size, -1, f) < 0) { /* no byte equals -1: to the end */
        free(text);
        text = strdup("");
    }
    fclose(f);
    return text;
}

size_t temp_dir_count(struct temp_dir *t)
{
    DIR *list = opendir(t->path);
    size_t n = 0;

    if (!list)
        fail_msg("cannot list '%s'", t->path);
    while (readdir(list))
        n++;
    closedir(list);
    return n - 2;
}
