/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temp_dir.h"

#include "base/strlist.h"
#include "tests/support/assert_err.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

struct temp_dir temp_dir_make(void)
{
    struct temp_dir t;
    char made[] = "/tmp/tbot-test-XXXXXX";
    if (!mkdtemp(made))
        fail_msg("mkdtemp '%s' failed", made);
    CLEANUP(freep) char *path = realpath(made, NULL); /* where /tmp is a symbolic link */
    assert_non_null(path);
    assert_in_range(snprintf(t.path, sizeof(t.path), "%s", path), 1, sizeof(t.path) - 1);
    return t;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void temp_dir_empty(struct temp_dir *t)
{
    temp_dir_remove(t);
    assert_int_equal(mkdir(t->path, 0700), 0);
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

void temp_dir_put(struct temp_dir *t, const char *name, struct bytes content)
{
    int fd = open(temp_dir_join(t, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, content.data, content.len) != (ssize_t)content.len || close(fd) != 0)
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

void temp_dir_delete(struct temp_dir *t, const char *name)
{
    assert_int_equal(unlink(temp_dir_join(t, name)), 0);
}

bool temp_dir_has(struct temp_dir *t, const char *name)
{
    return access(temp_dir_join(t, name), F_OK) == 0;
}

mode_t temp_dir_mode(struct temp_dir *t, const char *name)
{
    struct stat st;
    assert_int_equal(stat(temp_dir_join(t, name), &st), 0);
    return st.st_mode & 07777;
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* The sorted names. */
static void list(struct temp_dir *t, struct strlist *names)
{
    struct dirent **entries = NULL;
    int n = scandir(t->path, &entries, is_entry, alphasort);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        assert_ok(strlist_add(names, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

char *temp_dir_list(struct temp_dir *t)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    list(t, &names);
    return strlist_join(&names, " ");
}

size_t temp_dir_count(struct temp_dir *t)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    list(t, &names);
    return names.len;
}
