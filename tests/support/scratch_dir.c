/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scratch_dir.h"

#include "base/strlist.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path_of(const char *dir, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    return path;
}

char *scratch_dir_new(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = path_of(base ? base : "/tmp", "tbot-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static int is_file_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

char *scratch_dir_list(const char *dir)
{
    struct dirent **entries = NULL;
    CLEANUP(strlist_release) struct strlist names = {0};
    int n = scandir(dir, &entries, is_file_name, alphasort);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        assert_ok(strlist_add(&names, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return strlist_join(&names, " ");
}

void scratch_dir_freep(char **dir)
{
    CLEANUP(freep) char *list = scratch_dir_list(*dir);
    CLEANUP(strlist_release) struct strlist names = {0};
    assert_ok(strlist_split(&names, list, ' '));
    for (size_t i = 0; i < names.len && strcmp(list, "none") != 0; i++)
        scratch_dir_delete(*dir, names.items[i]);
    assert_int_equal(rmdir(*dir), 0);
    free(*dir);
}

void scratch_dir_put(const char *dir, const char *name, struct bytes content)
{
    CLEANUP(freep) char *path = path_of(dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (content.len > 0)
        assert_int_equal(write(fd, content.data, content.len), content.len);
    close(fd);
}

void scratch_dir_delete(const char *dir, const char *name)
{
    CLEANUP(freep) char *path = path_of(dir, name);
    assert_int_equal(unlink(path), 0);
}

char *scratch_dir_get(const char *dir, const char *name)
{
    CLEANUP(freep) char *path = path_of(dir, name);
    return inputs_read(path);
}

bool scratch_dir_has(const char *dir, const char *name)
{
    CLEANUP(freep) char *path = path_of(dir, name);
    return access(path, F_OK) == 0;
}

mode_t scratch_dir_mode(const char *dir, const char *name)
{
    CLEANUP(freep) char *path = path_of(dir, name);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}
