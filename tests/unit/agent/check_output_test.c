/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/acl.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/check_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NOBODY 65534

static bool has_no_acls;
ssize_t __real_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    if (!has_no_acls)
        return __real_fgetxattr(fd, name, value, size);
    errno = ENOTSUP;
    return -1;
}

static struct temp_dir tmp;
static char path[128];
static char name[] = "web";
static struct config_service service;

static int set_up(void **state)
{
    has_no_acls = false;
    tmp = temp_dir_make();
    snprintf(path, sizeof(path), "%s/out", tmp.path);
    service = (struct config_service){
        .name = name, .destination = {.type = CONFIG_DESTINATION_DIRECTORY, .path = path}};
    return check_set_up(state);
}

static int tear_down(void **state)
{
    assert_int_equal(seteuid(getuid()), 0);
    (void)chmod(path, 0700);
    temp_dir_remove(&tmp);
    return check_tear_down(state);
}

static void make(mode_t mode)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* Somebody who may go through the test's directory and not write to it. */
static void become_nobody(void)
{
    assert_int_equal(chmod(tmp.path, 0755), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    else
        assert_int_equal(chmod(tmp.path, 0555), 0);
}

static void become_ourselves(void)
{
    assert_int_equal(seteuid(getuid()), 0);
    assert_int_equal(chmod(tmp.path, 0700), 0);
}

static void test_directory_is_good_there_or_missing(void **state)
{
    struct check_fixture *f = *state;
    check_output(&f->check, &service);
    expect(f, "output", CHECK_OK, "will be made");
    assert_int_equal(temp_dir_count(&tmp), 0);
    make(0700);
    check_output(&f->check, &service);
    const struct finding *x = expect(f, "output", CHECK_OK, "can be written");
    assert_string_equal(x->subject, "web");
    expect_all_well(f);
    service.destination.type = CONFIG_DESTINATION_MEMORY;
    check_output(&f->check, &service);
    expect(f, "output", CHECK_OK, "in memory");
}

static void test_directory_that_cannot_be_made_fails(void **state)
{
    struct check_fixture *f = *state;
    become_nobody();
    check_output(&f->check, &service);
    become_ourselves();
    expect(f, "output", CHECK_FAILED, "cannot be made");
}

static void test_directory_that_is_closed_to_us_fails(void **state)
{
    struct check_fixture *f = *state;
    make(0555);
    become_nobody();
    check_output(&f->check, &service);
    become_ourselves();
    expect(f, "output", CHECK_FAILED, "Permission denied");
}

static void test_files_made_for_us_are_overwritten_with_a_warning(void **state)
{
    struct check_fixture *f = *state;
    make(0755);
    temp_dir_write(&tmp, "out/.write-test", "");
    assert_int_equal(chmod(temp_dir_join(&tmp, "out/.write-test"), 0666), 0);
    assert_int_equal(chmod(path, 0555), 0);
    become_nobody();
    check_output(&f->check, &service);
    become_ourselves();
    expect(f, "output", CHECK_WARNING, "overwritten in place");
    assert_int_equal(f->check.failed, 0);
}

static void test_files_that_change_as_a_whole_are_not_overwritten(void **state)
{
    struct check_fixture *f = *state;
    make(0755);
    temp_dir_write(&tmp, "out/.write-test", "");
    assert_int_equal(chmod(temp_dir_join(&tmp, "out/.write-test"), 0666), 0);
    assert_int_equal(chmod(path, 0555), 0);
    service.destination.atomic = CONFIG_ATOMIC_SYMLINK;
    become_nobody();
    check_output(&f->check, &service);
    become_ourselves();
    expect(f, "output", CHECK_FAILED, "Permission denied");
}

static void test_copy_of_memory_that_cannot_be_kept_warns(void **state)
{
    struct check_fixture *f = *state;
    service.destination.type = CONFIG_DESTINATION_MEMORY;
    service.destination.is_cached = true;
    check_output(&f->check, &service);
    expect(f, "output", CHECK_OK, "with a copy in");
    become_nobody();
    check_output(&f->check, &service);
    become_ourselves();
    expect(f, "output", CHECK_WARNING, "no copy can be kept");
}

static void test_symbolic_link_follows_the_policy(void **state)
{
    struct check_fixture *f = *state;
    assert_int_equal(symlink(tmp.path, path), 0);
    check_output(&f->check, &service);
    expect(f, "output", CHECK_FAILED, "symbolic link");
    service.destination.symlinks = SYMLINKS_INSECURE;
    check_output(&f->check, &service);
    expect(f, "output", CHECK_OK, "can be written");
    assert_int_equal(unlink(path), 0);
}

/* --- readers --- */

static struct config_reader reader_of(const char *who)
{
    return (struct config_reader){.name = (char *)(uintptr_t)who}; /* only read */
}

static void check_with_reader(struct check_fixture *f, const char *who, enum config_acls acls)
{
    struct config_reader reader = reader_of(who);
    service.destination.readers = &reader;
    service.destination.n_readers = 1;
    service.destination.acls = acls;
    f->len = 0;
    check_output(&f->check, &service);
}

static void test_readers_that_exist_are_good(void **state)
{
    struct check_fixture *f = *state;
    make(0700);
    check_with_reader(f, "12345", CONFIG_ACLS_REQUIRED);
    expect(f, "readers", CHECK_OK, "1 can be given access");
}

static void test_unknown_reader_warns_or_fails_as_asked(void **state)
{
    struct check_fixture *f = *state;
    make(0700);
    check_with_reader(f, "no-such-user-here", CONFIG_ACLS_TRY);
    expect(f, "readers", CHECK_WARNING, "'no-such-user-here' does not exist");
    check_with_reader(f, "no-such-user-here", CONFIG_ACLS_REQUIRED);
    expect(f, "readers", CHECK_FAILED, "'no-such-user-here' does not exist");
    check_with_reader(f, "no-such-user-here", CONFIG_ACLS_OFF);
    assert_null(find(f, "readers", CHECK_WARNING, ""));
}

static void test_filesystem_without_acls_warns_or_fails_as_asked(void **state)
{
    struct check_fixture *f = *state;
    make(0700);
    has_no_acls = true;
    check_with_reader(f, "12345", CONFIG_ACLS_TRY);
    expect(f, "readers", CHECK_WARNING, "not supported");
    check_with_reader(f, "12345", CONFIG_ACLS_REQUIRED);
    expect(f, "readers", CHECK_FAILED, "not supported");
}

static void test_directory_of_somebody_else_needs_an_acl(void **state)
{
    struct check_fixture *f = *state;
    make(0700);
    if (chown(path, NOBODY, (gid_t)-1) != 0)
        skip();
    check_output(&f->check, &service);
    expect(f, "readers", CHECK_WARNING, "belongs to user 65534");
    check_with_reader(f, "12345", CONFIG_ACLS_REQUIRED);
    expect(f, "readers", CHECK_FAILED, "belongs to user 65534");
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct acl_reader us = {.id = geteuid()};
    assert_ok(acl_build(&(struct acl_readers){&us, 1}, ACL_FOR_DIRECTORY, &acl));
    assert_int_equal(setxattr(path, "system.posix_acl_access", acl.data, acl.len, 0), 0);
    service.destination.n_readers = 0;
    service.destination.acls = CONFIG_ACLS_TRY;
    f->len = 0;
    check_output(&f->check, &service);
    assert_null(find(f, "readers", CHECK_WARNING, ""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_directory_is_good_there_or_missing),
        TEST(test_directory_that_cannot_be_made_fails),
        TEST(test_directory_that_is_closed_to_us_fails),
        TEST(test_files_made_for_us_are_overwritten_with_a_warning),
        TEST(test_files_that_change_as_a_whole_are_not_overwritten),
        TEST(test_copy_of_memory_that_cannot_be_kept_warns),
        TEST(test_symbolic_link_follows_the_policy),
        TEST(test_readers_that_exist_are_good),
        TEST(test_unknown_reader_warns_or_fails_as_asked),
        TEST(test_filesystem_without_acls_warns_or_fails_as_asked),
        TEST(test_directory_of_somebody_else_needs_an_acl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
