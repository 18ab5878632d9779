/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/gen.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

struct gen gen;

int __real_symlinkat(const char *target, int fd, const char *name);
int __wrap_symlinkat(const char *target, int fd, const char *name);
int __wrap_symlinkat(const char *target, int fd, const char *name)
{
    void (*meanwhile)(void) = gen.between;

    gen.between = NULL;
    errno = gen.no_symlink;
    int done = gen.no_symlink ? -1 : __real_symlinkat(target, fd, name);
    if (meanwhile)
        meanwhile();
    return done;
}

int __real_linkat(int from, const char *old, int to, const char *new, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *new, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *new, int flags)
{
    errno = gen.no_link;
    return gen.no_link ? -1 : __real_linkat(from, old, to, new, flags);
}

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode)
{
    errno = EPERM;
    return gen.no_set_id && (mode & 06000) ? -1 : __real_fchmod(fd, mode);
}

int gen_set_up(void **state)
{
    (void)state;
    memset(&gen, 0, sizeof(gen));
    umask(077);
    gen.tmp = temp_dir_make();
    assert_ok(dir_open(gen.tmp.path, SYMLINKS_SECURE, false, &gen.dir));
    return 0;
}

int gen_tear_down(void **state)
{
    (void)state;
    assert_int_equal(seteuid(getuid()), 0);
    dir_close(gen.dir);
    temp_dir_remove(&gen.tmp);
    return 0;
}

unsigned gen_publish(const char *n)
{
    char key[32], cert[32];
    struct dir_published done = {0};

    snprintf(key, sizeof(key), "key %s", n);
    snprintf(cert, sizeof(cert), "cert %s", n);
    const struct dir_file files[] = {
        {.name = "ca", .content = bytes_of_str("the CA"), .mode = 0600},
        {.name = "key", .content = bytes_of_str(key), .mode = 0600},
        {.name = "cert", .content = bytes_of_str(cert), .mode = 0600},
    };
    assert_ok(dir_generation_publish(gen.dir, files, 3, &done));
    assert_false(done.in_place);
    return done.changed;
}

struct err *gen_try_publish_key(void)
{
    const struct dir_file key = {.name = "key", .content = bytes_of_str("new"), .mode = 0600};
    return dir_generation_publish(gen.dir, &key, 1, NULL);
}

void gen_assert_content(const char *name, const char *want)
{
    CLEANUP(freep) char *content = temp_dir_read(&gen.tmp, name);

    if (!content)
        fail_msg("'%s' is missing", name);
    assert_string_equal(content, want);
}

void gen_assert_pair(const char *n)
{
    char text[32];

    snprintf(text, sizeof(text), "key %s", n);
    gen_assert_content("key", text);
    snprintf(text, sizeof(text), "cert %s", n);
    gen_assert_content("cert", text);
    gen_assert_content("ca", "the CA");
}

char *gen_target_of(const char *name)
{
    char target[300] = {0};

    if (readlink(temp_dir_join(&gen.tmp, name), target, sizeof(target) - 1) < 0)
        fail_msg("'%s' is no symbolic link", name);
    return strdup(target);
}

void gen_assert_target(const char *name, const char *want)
{
    CLEANUP(freep) char *target = gen_target_of(name);

    assert_string_equal(target, want);
}

struct stat gen_look(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(temp_dir_join(&gen.tmp, name), &st), 0);
    return st;
}

ino_t gen_inode_behind(const char *name)
{
    struct stat st;

    assert_int_equal(stat(temp_dir_join(&gen.tmp, name), &st), 0);
    return st.st_ino;
}

unsigned gen_count_generations(void)
{
    DIR *list = opendir(gen.tmp.path);
    const struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(list)))
        n += strncmp(entry->d_name, "..2", 3) == 0 || strncmp(entry->d_name, "..1", 3) == 0;
    closedir(list);
    return n;
}

void gen_make_directory(const char *name)
{
    assert_int_equal(mkdir(temp_dir_join(&gen.tmp, name), 0700), 0);
}

void gen_make_link(const char *name, const char *target)
{
    assert_int_equal(symlink(target, temp_dir_join(&gen.tmp, name)), 0);
}
