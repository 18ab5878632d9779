/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir.h"

#include "base/dir_generation.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

static int fallocate_result;
int __real_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    return fallocate_result ? fallocate_result : __real_posix_fallocate(fd, at, len);
}

static struct temp_dir tmp;
static struct dir *dir;

static int setup(void **state)
{
    (void)state;
    fallocate_result = 0;
    tmp = temp_dir_make();
    assert_ok(dir_open(tmp.path, SYMLINKS_TRY_SECURE, false, &dir));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dir_close(dir);
    temp_dir_remove(&tmp);
    return 0;
}

static bool exists(const char *name)
{
    struct stat st;
    return lstat(temp_dir_join(&tmp, name), &st) == 0;
}

static void test_open_missing_directory_is_not_found(void **state)
{
    (void)state;
    struct dir *d = NULL;
    assert_fails(dir_open(temp_dir_join(&tmp, "a/b"), SYMLINKS_SECURE, false, &d), ERR_NOT_FOUND,
                 "a/b");
    assert_null(d);
}

static void test_open_create_makes_all_parents_private(void **state)
{
    (void)state;
    CLEANUP(dir_closep) struct dir *d = NULL;
    struct stat st;

    umask(0);
    assert_ok(dir_open(temp_dir_join(&tmp, "a/b//c/"), SYMLINKS_SECURE, true, &d));
    umask(077);
    assert_int_equal(stat(temp_dir_join(&tmp, "a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ok(dir_replace(d, "f", bytes_of_str("x"), 0600));
    assert_true(exists("a/b/c/f"));
}

static void test_open_link_in_the_path_is_refused_unless_allowed(void **state)
{
    (void)state;
    CLEANUP(dir_closep) struct dir *d = NULL;

    assert_int_equal(mkdir(temp_dir_join(&tmp, "real"), 0700), 0);
    assert_int_equal(mkdir(temp_dir_join(&tmp, "real/sub"), 0700), 0);
    assert_int_equal(symlink("real", temp_dir_join(&tmp, "link")), 0);
    assert_fails(dir_open(temp_dir_join(&tmp, "link/sub"), SYMLINKS_TRY_SECURE, false, &d),
                 ERR_STORAGE, "'link' is a symbolic link");
    assert_fails(dir_open(temp_dir_join(&tmp, "link"), SYMLINKS_SECURE, false, &d), ERR_STORAGE,
                 "'link' is a symbolic link");
    assert_ok(dir_open(temp_dir_join(&tmp, "link/sub"), SYMLINKS_INSECURE, false, &d));
}

static void test_open_a_file_is_an_error(void **state)
{
    (void)state;
    struct dir *d = NULL;
    temp_dir_write(&tmp, "file", "x");
    assert_fails(dir_open(temp_dir_join(&tmp, "file"), SYMLINKS_SECURE, false, &d), ERR_STORAGE,
                 "Not a directory");
}

static void reopen(void)
{
    dir_close(dir);
    dir = NULL;
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &dir));
}

static void test_open_removes_leftovers_and_nothing_else(void **state)
{
    (void)state;
    temp_dir_write(&tmp, ".tbot-abcd1234.tmp", "cut");
    temp_dir_write(&tmp, ".tbot-abcd123.tmp", "too short a name");
    temp_dir_write(&tmp, ".tbot-ABCD1234.tmp", "no name of ours");
    temp_dir_write(&tmp, "tlscert", "x");
    assert_int_equal(symlink("tlscert", temp_dir_join(&tmp, ".tbot-zzzz0000.tmp")), 0);
    assert_int_equal(symlink("..data/x", temp_dir_join(&tmp, ".tbot-zzzz0001.tmp")), 0);
    assert_int_equal(
        symlink("..2026_01_02_15_04_05.123456789", temp_dir_join(&tmp, ".tbot-zzzz0002.tmp")), 0);
    assert_int_equal(symlink("..data/x", temp_dir_join(&tmp, "name")), 0);
    assert_int_equal(mkdir(temp_dir_join(&tmp, ".tbot-dddd0000.tmp"), 0700), 0);
    reopen();
    assert_false(exists(".tbot-abcd1234.tmp"));
    assert_int_equal(temp_dir_count(&tmp), 6);
}

static void test_open_leaves_temporaries_that_are_being_written(void **state)
{
    (void)state;
    temp_dir_write(&tmp, ".tbot-abcd1234.tmp", "half");
    int writer = open(temp_dir_join(&tmp, ".tbot-abcd1234.tmp"), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(writer, LOCK_EX), 0);
    reopen();
    assert_true(exists(".tbot-abcd1234.tmp"));
    close(writer);
    reopen();
    assert_false(exists(".tbot-abcd1234.tmp"));
}

static void test_read_gives_the_content(void **state)
{
    (void)state;
    CLEANUP(buf_freep) struct buf *b = NULL;
    CLEANUP(secret_freep) struct secret *s = NULL;

    temp_dir_write(&tmp, "f", "hello");
    assert_ok(dir_read(dir, "f", 5, &b));
    assert_string_equal(buf_str(b), "hello");
    assert_ok(dir_read_secret(dir, "f", 5, &s));
    assert_string_equal(secret_str(s), "hello");
    assert_true(dir_has(dir, "f"));
    assert_false(dir_has(dir, "g"));
}

static void test_read_too_large_is_a_storage_error(void **state)
{
    (void)state;
    struct buf *b = NULL;
    struct secret *s = NULL;

    temp_dir_write(&tmp, "f", "hello");
    assert_fails(dir_read(dir, "f", 4, &b), ERR_STORAGE, "more than 4 bytes");
    assert_fails(dir_read_secret(dir, "f", 4, &s), ERR_STORAGE, "more than 4 bytes");
}

static void test_read_missing_is_not_found(void **state)
{
    (void)state;
    struct buf *b = NULL;
    assert_fails(dir_read(dir, "f", 4, &b), ERR_NOT_FOUND, "/f'");
    assert_fails(file_read("/nonexistent/f", 4, &b), ERR_NOT_FOUND, "/nonexistent/f");
}

static void test_read_pipe_directory_or_link_is_refused_without_waiting(void **state)
{
    (void)state;
    struct buf *b = NULL;

    assert_int_equal(mkfifo(temp_dir_join(&tmp, "pipe"), 0600), 0);
    assert_int_equal(mkdir(temp_dir_join(&tmp, "sub"), 0700), 0);
    temp_dir_write(&tmp, "f", "hello");
    assert_int_equal(symlink("f", temp_dir_join(&tmp, "link")), 0);
    assert_fails(dir_read(dir, "pipe", 4, &b), ERR_STORAGE, "not a regular file");
    assert_fails(dir_read(dir, "sub", 4, &b), ERR_STORAGE, "not a regular file");
    assert_fails(dir_read(dir, "link", 9, &b), ERR_STORAGE, "link");

    CLEANUP(secret_freep) struct secret *s = NULL;
    const char *pipe = temp_dir_join(&tmp, "pipe");
    assert_fails(file_read_regular(pipe, 4, &b), ERR_STORAGE, "pipe': not a regular file");
    assert_fails(file_read_regular_secret(pipe, 4, &s), ERR_STORAGE, "not a regular file");
    assert_ok(file_read_regular(temp_dir_join(&tmp, "link"), 9, &b));
    buf_free(b);
}

static void test_names_with_a_path_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", "../x", "/etc/passwd", "a/b"};
    struct buf *b = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(dir_read(dir, bad[i], 9, &b), ERR_STORAGE, "not a plain file name");
        assert_fails(dir_replace(dir, bad[i], bytes_of_str("x"), 0600), ERR_STORAGE, "plain");
        assert_fails(dir_remove(dir, bad[i]), ERR_STORAGE, "plain");
    }
}

static void test_file_read_follows_links_and_reads_pipes(void **state)
{
    (void)state;
    CLEANUP(buf_freep) struct buf *b = NULL;
    CLEANUP(secret_freep) struct secret *s = NULL;
    int ends[2];
    char path[32];

    temp_dir_write(&tmp, "f", "hello");
    assert_int_equal(symlink("f", temp_dir_join(&tmp, "link")), 0);
    assert_ok(file_read(temp_dir_join(&tmp, "link"), 9, &b));
    assert_string_equal(buf_str(b), "hello");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "token", 5), 5);
    close(ends[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    assert_ok(file_read_secret(path, 64, &s));
    assert_string_equal(secret_str(s), "token");
    close(ends[0]);
}

static void test_remove_and_rename(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "a", "x");
    assert_ok(dir_rename(dir, "a", "b"));
    assert_false(exists("a"));
    assert_true(exists("b"));
    assert_ok(dir_remove(dir, "b"));
    assert_false(exists("b"));
    assert_ok(dir_remove(dir, "b"));
    assert_fails(dir_rename(dir, "a", "b"), ERR_NOT_FOUND, "rename");
}

static void test_list_gives_every_name_up_to_a_maximum(void **state)
{
    (void)state;
    CLEANUP(strlist_release) struct strlist names = {0}, none = {0};

    temp_dir_write(&tmp, "a", "");
    temp_dir_write(&tmp, ".b", "");
    assert_ok(dir_list(dir, 2, &names));
    assert_int_equal(names.len, 2);
    assert_true(strlist_has(&names, "a"));
    assert_true(strlist_has(&names, ".b"));
    assert_fails(dir_list(dir, 1, &none), ERR_STORAGE, "more than 1");
    assert_int_equal(none.len, 0);
}

static void publish_generation(const char *name)
{
    CLEANUP(dir_closep) struct dir *below = NULL;
    const struct dir_file key = {.name = "key", .content = bytes_of_str("x"), .mode = 0600};

    assert_ok(dir_open(temp_dir_join(&tmp, name), SYMLINKS_SECURE, true, &below));
    assert_ok(dir_replace(below, "plain", bytes_of_str("x"), 0600));
    assert_ok(dir_generation_publish(below, &key, 1, NULL));
}

static void test_remove_dir_takes_files_and_generations_with_it(void **state)
{
    (void)state;
    publish_generation("copy");
    assert_ok(dir_remove_dir(dir, "copy"));
    assert_int_equal(temp_dir_count(&tmp), 0);
    assert_ok(dir_remove_dir(dir, "copy"));
}

static void test_remove_dir_leaves_links_and_other_directories(void **state)
{
    (void)state;
    publish_generation("copy");
    assert_int_equal(symlink("copy", temp_dir_join(&tmp, "link")), 0);
    assert_fails(dir_remove_dir(dir, "link"), ERR_STORAGE, "link");
    assert_fails(dir_remove_dir(dir, "../copy"), ERR_STORAGE, "plain file name");
    assert_true(exists("copy/key"));
    assert_int_equal(mkdir(temp_dir_join(&tmp, "copy/theirs"), 0700), 0);
    assert_fails(dir_remove_dir(dir, "copy"), ERR_STORAGE, "theirs");
    assert_true(exists("copy/theirs"));
}

static void test_lock_is_exclusive_until_closed(void **state)
{
    (void)state;
    int first = -1, second = -1;

    assert_ok(dir_lock(dir, "lock", &first));
    assert_fails(dir_lock(dir, "lock", &second), ERR_BUSY, "lock");
    close(first);
    assert_ok(dir_lock(dir, "lock", &second));
    close(second);
}

static void test_lock_holder_is_told_without_taking_the_lock(void **state)
{
    (void)state;
    CLEANUP(closep) int fd = -1;
    CLEANUP(closep) int other = -1;
    pid_t holder = -1;

    assert_ok(dir_lock(dir, "other", &other));
    assert_ok(dir_lock_holder(dir, "lock", &holder));
    assert_int_equal(holder, 0);
    assert_false(exists("lock"));
    assert_ok(dir_lock(dir, "lock", &fd));
    assert_ok(dir_lock_holder(dir, "lock", &holder));
    assert_int_equal(holder, getpid());
    close(TAKE_FD(fd));
    assert_ok(dir_lock_holder(dir, "lock", &holder));
    assert_int_equal(holder, 0);
    assert_fails(dir_lock_holder(dir, "../lock", &holder), ERR_STORAGE, "../lock");
}

static void test_open_as_is_leaves_leftovers_and_makes_nothing(void **state)
{
    (void)state;
    CLEANUP(dir_closep) struct dir *d = NULL;
    struct dir *none = NULL;

    temp_dir_write(&tmp, ".tbot-aaaaaaaa.tmp", "left");
    assert_ok(dir_open_as_is(tmp.path, SYMLINKS_SECURE, &d));
    assert_true(exists(".tbot-aaaaaaaa.tmp"));
    assert_fails(dir_open_as_is(temp_dir_join(&tmp, "a"), SYMLINKS_SECURE, &none), ERR_NOT_FOUND,
                 "/a");
    assert_false(exists("a"));
}

static void test_reserve_space_takes_it(void **state)
{
    (void)state;
    struct stat st;

    assert_ok(dir_reserve_space(dir, "reserve", 100000));
    assert_int_equal(stat(temp_dir_join(&tmp, "reserve"), &st), 0);
    assert_true(st.st_blocks * 512 >= 100000);
    assert_ok(dir_reserve_space(dir, "reserve", 100000));
}

static void test_reserve_space_on_a_full_disk_fails_and_leaves_nothing(void **state)
{
    (void)state;
    fallocate_result = ENOSPC;
    assert_fails(dir_reserve_space(dir, "reserve", 100000), ERR_STORAGE, "No space left");
    assert_false(exists("reserve"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_open_missing_directory_is_not_found),
        TEST(test_open_create_makes_all_parents_private),
        TEST(test_open_link_in_the_path_is_refused_unless_allowed),
        TEST(test_open_a_file_is_an_error),
        TEST(test_open_removes_leftovers_and_nothing_else),
        TEST(test_open_leaves_temporaries_that_are_being_written),
        TEST(test_read_gives_the_content),
        TEST(test_read_too_large_is_a_storage_error),
        TEST(test_read_missing_is_not_found),
        TEST(test_read_pipe_directory_or_link_is_refused_without_waiting),
        TEST(test_names_with_a_path_are_refused),
        TEST(test_file_read_follows_links_and_reads_pipes),
        TEST(test_remove_and_rename),
        TEST(test_list_gives_every_name_up_to_a_maximum),
        TEST(test_remove_dir_takes_files_and_generations_with_it),
        TEST(test_remove_dir_leaves_links_and_other_directories),
        TEST(test_lock_is_exclusive_until_closed),
        TEST(test_lock_holder_is_told_without_taking_the_lock),
        TEST(test_open_as_is_leaves_leftovers_and_makes_nothing),
        TEST(test_reserve_space_takes_it),
        TEST(test_reserve_space_on_a_full_disk_fails_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
