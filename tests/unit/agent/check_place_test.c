/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/check_place.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* A filesystem of the test's making. */
static int access_errno;
static struct statvfs *filesystem;

int __real_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags)
{
    if (!access_errno)
        return __real_faccessat(fd, path, mode, flags);
    errno = access_errno;
    return -1;
}

int __real_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret)
{
    if (!filesystem)
        return __real_fstatvfs(fd, ret);
    *ret = *filesystem;
    return 0;
}

static struct temp_dir tmp;

static int set_up(void **state)
{
    (void)state;
    access_errno = 0;
    filesystem = NULL;
    tmp = temp_dir_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(&tmp);
    return 0;
}

static struct check_place look(const char *path)
{
    struct check_place p = {0};
    assert_ok(check_place_look(path, SYMLINKS_SECURE, &p));
    return p;
}

static void test_directory_that_is_there_is_described(void **state)
{
    (void)state;
    assert_int_equal(chmod(tmp.path, 0750), 0);
    CLEANUP(check_place_release) struct check_place p = look(tmp.path);
    assert_false(p.is_missing);
    assert_int_equal(p.denied, 0);
    assert_int_equal(p.mode, 0750);
    assert_int_equal(p.owner, geteuid());
    assert_true(p.room > 0 || p.is_roomy);
    assert_ok(check_place_writable(&p, tmp.path));
    assert_ok(check_place_room(&p, 1));
}

static void test_missing_directory_is_judged_by_what_is_above_it(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof(path), "%s/a//b/c/", tmp.path);
    CLEANUP(check_place_release) struct check_place p = look(path);
    assert_true(p.is_missing);
    assert_string_equal(dir_path(p.dir), tmp.path);
    access_errno = EACCES;
    CLEANUP(check_place_release) struct check_place closed = look(path);
    assert_fails(check_place_writable(&closed, path), ERR_STORAGE, "is missing and cannot be made");
    assert_false(temp_dir_has(&tmp, "a"));
}

static void test_relative_and_absolute_paths_end_somewhere(void **state)
{
    (void)state;
    CLEANUP(check_place_release) struct check_place relative = look("nowhere-at-all/b");
    assert_string_equal(dir_path(relative.dir), ".");
    CLEANUP(check_place_release) struct check_place absolute = look("/nowhere-at-all");
    assert_string_equal(dir_path(absolute.dir), "/");
    CLEANUP(check_place_release) struct check_place one = look("x");
    assert_string_equal(dir_path(one.dir), ".");
}

static void test_what_a_start_would_not_open_is_an_error(void **state)
{
    (void)state;
    struct check_place p = {0};
    temp_dir_write(&tmp, "file", "");
    assert_int_equal(symlink(tmp.path, temp_dir_join(&tmp, "link")), 0);
    assert_fails(check_place_look(temp_dir_join(&tmp, "file/x"), SYMLINKS_SECURE, &p), ERR_STORAGE,
                 "Not a directory");
    assert_fails(check_place_look(temp_dir_join(&tmp, "link"), SYMLINKS_SECURE, &p), ERR_STORAGE,
                 "symbolic link");
    assert_ok(check_place_look(temp_dir_join(&tmp, "link"), SYMLINKS_INSECURE, &p));
    check_place_release(&p);
}

static void test_denial_names_the_cause_and_the_remedy(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        const char *text, *hint;
    } cases[] = {
        {EACCES, "Permission denied", "to the user that runs tbot"},
        {EROFS, "Read-only file system", "remount"},
    };
    for (size_t i = 0; i < 2; i++) {
        access_errno = cases[i].errnum;
        CLEANUP(check_place_release) struct check_place p = look(tmp.path);
        CLEANUP(err_freep) struct err *e = check_place_writable(&p, tmp.path);
        CLEANUP(freep) char *text = err_text(e);
        assert_non_null(strstr(text, cases[i].text));
        assert_non_null(strstr(err_hint(e), cases[i].hint));
    }
}

static void test_room_is_what_is_free_for_us(void **state)
{
    (void)state;
    uint64_t reserved = geteuid() == 0 ? 0 : 4096;
    struct statvfs full = {
        .f_frsize = 4096, .f_blocks = 100, .f_bfree = 1, .f_files = 10, .f_ffree = 1};
    full.f_bavail = geteuid() == 0 ? 0 : 1;
    full.f_favail = full.f_ffree;
    filesystem = &full;
    CLEANUP(check_place_release) struct check_place p = look(tmp.path);
    assert_int_equal(p.room, geteuid() == 0 ? 4096 : reserved);
    assert_ok(check_place_room(&p, 4096));
    assert_fails(check_place_room(&p, 4097), ERR_STORAGE, "4.1 kB are free");
    full.f_favail = full.f_ffree = 0;
    CLEANUP(check_place_release) struct check_place crowded = look(tmp.path);
    assert_fails(check_place_room(&crowded, 0), ERR_STORAGE, "no further file");
}

static void test_filesystem_that_counts_nothing_is_roomy(void **state)
{
    (void)state;
    struct statvfs silent = {.f_frsize = 4096};
    filesystem = &silent;
    CLEANUP(check_place_release) struct check_place p = look(tmp.path);
    assert_true(p.is_roomy);
    assert_ok(check_place_room(&p, UINT64_MAX));
}

static void test_sizes_read_well(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},
                 {999, "999 bytes"},
                 {1000, "1.0 kB"},
                 {262144, "262 kB"},
                 {UINT64_C(77586740000), "78 GB"},
                 {UINT64_MAX, "18446744 TB"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[CHECK_SIZE_TEXT];
        assert_string_equal(check_size_text(cases[i].bytes, text), cases[i].text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_directory_that_is_there_is_described),
        TEST(test_missing_directory_is_judged_by_what_is_above_it),
        TEST(test_relative_and_absolute_paths_end_somewhere),
        TEST(test_what_a_start_would_not_open_is_an_error),
        TEST(test_denial_names_the_cause_and_the_remedy),
        TEST(test_room_is_what_is_free_for_us),
        TEST(test_filesystem_that_counts_nothing_is_roomy),
        TEST(test_sizes_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
