/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* The linker puts these in the place of libc's: each fails once its countdown reaches 0. */
struct failure {
    int errnum; /* 0: never */
    int after;  /* calls that still succeed */
};
static struct {
    struct failure create, write, sync, rename, fallocate;
    void (*before_each)(void);
} libc;

static bool fails(struct failure *f)
{
    if (libc.before_each)
        libc.before_each();
    if (f->errnum == 0 || f->after-- > 0)
        return false;
    errno = f->errnum;
    return true;
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int fd, const char *path, int flags, mode_t mode)
{
    if (!(flags & O_EXCL))
        return __real_openat(fd, path, flags, mode);
    if (fails(&libc.create))
        return -1;
    int made = __real_openat(fd, path, flags, mode);
    if (libc.before_each)
        libc.before_each(); /* what it is like before anything else is done to it */
    return made;
}

ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    /* Two bytes at a time: content is written in many steps, each of which may be the last. */
    return fails(&libc.write) ? -1 : __real_pwrite(fd, data, len < 2 ? len : 2, at);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return fails(&libc.sync) ? -1 : __real_fsync(fd);
}

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails(&libc.rename) ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __real_fallocate(int fd, int mode, off_t at, off_t len);
int __wrap_fallocate(int fd, int mode, off_t at, off_t len);
int __wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
    return fails(&libc.fallocate) ? -1 : __real_fallocate(fd, mode, at, len);
}

static struct temp_dir tmp;
static struct dir *dir;

static int setup(void **state)
{
    (void)state;
    memset(&libc, 0, sizeof(libc));
    umask(077);
    tmp = temp_dir_make();
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &dir));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    memset(&libc, 0, sizeof(libc));
    dir_close(dir);
    temp_dir_remove(&tmp);
    return 0;
}

static void assert_content(const char *name, const char *wanted)
{
    char *content = temp_dir_read(&tmp, name);

    if (!content)
        fail_msg("'%s' is missing", name);
    assert_string_equal(content, wanted);
    free(content);
}

static struct stat status_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(temp_dir_join(&tmp, name), &st), 0);
    return st;
}

#define TEXT(name_, text_)                                                                         \
    {                                                                                              \
        .name = (name_), .content = {(const uint8_t *)(text_), sizeof(text_) - 1}, .mode = 0600    \
    }

static const struct dir_file two[] = {TEXT("key", "new key"), TEXT("cert", "new certificate")};

static void make_old(void)
{
    temp_dir_write(&tmp, "key", "old key");
    temp_dir_write(&tmp, "cert", "old");
}

static void assert_all_old(void)
{
    assert_content("key", "old key");
    assert_content("cert", "old");
    assert_int_equal(temp_dir_count(&tmp), 2);
}

static void assert_all_new(void)
{
    assert_content("key", "new key");
    assert_content("cert", "new certificate");
    assert_int_equal(temp_dir_count(&tmp), 2);
}

static void test_publish_new_files_have_exactly_the_mode_asked_for(void **state)
{
    (void)state;
    const struct dir_file file = {.name = "bundle", .content = bytes_of_str("x"), .mode = 0644};
    struct dir_published done;

    assert_ok(dir_publish(dir, &file, 1, &done));
    assert_int_equal(done.changed, 1);
    assert_false(done.in_place);
    assert_int_equal(status_of("bundle").st_mode & 07777, 0644);
}

static void test_publish_unchanged_file_is_not_touched(void **state)
{
    (void)state;
    struct dir_published done;

    assert_ok(dir_publish(dir, two, 2, NULL));
    struct stat before = status_of("key");
    assert_ok(dir_publish(dir, two, 2, &done));
    struct stat after = status_of("key");
    assert_int_equal(done.changed, 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim));
}

static void test_publish_same_length_other_content_is_replaced(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "key", "NEW KEY");
    assert_ok(dir_publish(dir, two, 1, NULL));
    assert_content("key", "new key");
}

static void test_publish_keeps_mode_and_owner_of_the_old_file(void **state)
{
    (void)state;
    make_old();
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 0640), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(temp_dir_join(&tmp, "key"), 1234, 2345), 0);
    struct stat before = status_of("key");
    assert_ok(dir_publish(dir, two, 2, NULL));
    struct stat after = status_of("key");
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(after.st_mode & 07777, 0640);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
}

static void test_publish_makes_no_program_that_runs_as_its_owner(void **state)
{
    (void)state;
    make_old();
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 06750), 0);
    assert_ok(dir_publish(dir, two, 2, NULL));
    assert_int_equal(status_of("key").st_mode & 07777, 0750);
}

/* Version 2; user::rw-, user:1234:r--, group::---, mask::r--, other::--- */
static const uint8_t acl[] = {
    2,  0, 0, 0, /* version */
    1,  0, 6, 0, 0xff, 0xff, 0xff, 0xff,
    2,  0, 4, 0, 0xd2, 4,    0,    0, /* the owner, user 1234 */
    4,  0, 0, 0, 0xff, 0xff, 0xff, 0xff,
    16, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* group, mask */
    32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
};

#define ACL "system.posix_acl_access"

static void assert_acl(const char *name)
{
    uint8_t found[128];
    ssize_t n = getxattr(temp_dir_join(&tmp, name), ACL, found, sizeof(found));

    assert_int_equal(n, sizeof(acl));
    assert_memory_equal(found, acl, sizeof(acl));
}

static void test_publish_keeps_the_acl_of_the_old_file(void **state)
{
    (void)state;
    make_old();
    if (setxattr(temp_dir_join(&tmp, "key"), ACL, acl, sizeof(acl), 0) != 0)
        skip(); /* no ACLs on this filesystem */
    assert_ok(dir_publish(dir, two, 2, NULL));
    assert_content("key", "new key");
    assert_acl("key");
}

static void test_publish_gives_the_acl_asked_for(void **state)
{
    (void)state;
    struct dir_file file = two[0];

    make_old();
    if (setxattr(temp_dir_join(&tmp, "cert"), ACL, acl, sizeof(acl), 0) != 0)
        skip(); /* no ACLs on this filesystem */
    file.acl = (struct bytes){acl, sizeof(acl)};
    assert_ok(dir_publish(dir, &file, 1, NULL));
    assert_acl("key");
}

static void check_whole(void)
{
    void (*again)(void) = libc.before_each;
    libc.before_each = NULL;
    char *key = temp_dir_read(&tmp, "key");
    char *cert = temp_dir_read(&tmp, "cert");

    assert_true(strcmp(key, "old key") == 0 || strcmp(key, "new key") == 0);
    assert_true(strcmp(cert, "old") == 0 || strcmp(cert, "new certificate") == 0);
    free(key);
    free(cert);
    libc.before_each = again;
}

static void test_publish_reader_never_sees_a_cut_file(void **state)
{
    (void)state;
    make_old();
    libc.before_each = check_whole;
    assert_ok(dir_publish(dir, two, 2, NULL));
    libc.before_each = NULL;
    assert_all_new();
}

/* "new key" takes four writes here, so 4 and more fail in the second file. */
/* Whoever opened it in the moment it was too wide could go on reading. */
static void check_temporaries(void)
{
    DIR *list = opendir(tmp.path);
    const struct dirent *entry;

    while ((entry = readdir(list))) {
        struct stat st = status_of(entry->d_name);
        if (strstr(entry->d_name, ".tmp") && (st.st_mode & 0077))
            fail_msg("'%s' has mode %o", entry->d_name, st.st_mode);
    }
    closedir(list);
}

static void test_publish_makes_no_file_wider_than_it_will_be(void **state)
{
    (void)state;
    mode_t before = umask(0);
    make_old();
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 0600), 0);
    assert_int_equal(chmod(temp_dir_join(&tmp, "cert"), 0600), 0);
    libc.before_each = check_temporaries;
    assert_ok(dir_publish(dir, two, 2, NULL));
    libc.before_each = NULL;
    umask(before);
    assert_all_new();
}

static void test_publish_full_disk_at_any_write_changes_nothing(void **state)
{
    (void)state;
    make_old();
    for (int n = 0; n < 12; n++) {
        libc.write = (struct failure){ENOSPC, n};
        assert_fails(dir_publish(dir, two, 2, NULL), ERR_STORAGE, "No space left");
        assert_all_old();
    }
    libc.write = (struct failure){ENOSPC, 12};
    assert_ok(dir_publish(dir, two, 2, NULL));
    assert_all_new();
}

static void test_publish_failing_sync_changes_nothing(void **state)
{
    (void)state;
    make_old();
    libc.sync = (struct failure){EIO, 1};
    assert_fails(dir_publish(dir, two, 2, NULL), ERR_STORAGE, "sync");
    assert_all_old();
}

/* Whether this process has a file open that had this name and has none any more. */
static bool holds_deleted(const char *name)
{
    char want[400], path[64], found[400];

    snprintf(want, sizeof(want), "%s (deleted)", temp_dir_join(&tmp, name));
    for (int fd = 0; fd < 100; fd++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, found, sizeof(found) - 1);
        found[len > 0 ? len : 0] = '\0';
        if (strcmp(found, want) == 0)
            return true;
    }
    return false;
}

static struct {
    unsigned looked, free;
} replaced;

/* After the first rename, before the second. */
static void look_for_the_old_key(void)
{
    CLEANUP(freep) char *key = temp_dir_read(&tmp, "key"), *cert = temp_dir_read(&tmp, "cert");

    if (strcmp(key, "new key") != 0 || strcmp(cert, "old") != 0)
        return;
    replaced.looked++;
    replaced.free += !holds_deleted("key");
}

/* Giving the space of the old one back takes a millisecond: too long between two renames. */
static void test_publish_frees_no_file_before_all_are_renamed(void **state)
{
    (void)state;
    make_old();
    libc.before_each = look_for_the_old_key;
    assert_ok(dir_publish(dir, two, 2, NULL));
    libc.before_each = NULL;
    assert_int_equal(replaced.looked, 1);
    assert_int_equal(replaced.free, 0);
    assert_false(holds_deleted("key"));
}

static void test_publish_failing_second_rename_says_what_was_replaced(void **state)
{
    (void)state;
    make_old();
    libc.rename = (struct failure){EIO, 1};
    assert_fails(dir_publish(dir, two, 2, NULL), ERR_STORAGE, "after 1 file");
    assert_content("key", "new key");
    assert_content("cert", "old");
    assert_int_equal(temp_dir_count(&tmp), 2);
}

static void test_publish_where_nothing_can_be_created_overwrites(void **state)
{
    (void)state;
    struct dir_published done;

    make_old();
    struct stat before = status_of("cert");
    libc.create = (struct failure){EACCES, 0};
    assert_ok(dir_publish(dir, two, 2, &done));
    assert_int_equal(done.changed, 2);
    assert_true(done.in_place);
    assert_int_equal(status_of("cert").st_ino, before.st_ino);
    assert_all_new();
}

static void test_publish_where_nothing_can_be_created_needs_the_file(void **state)
{
    (void)state;
    libc.create = (struct failure){EACCES, 0};
    assert_fails(dir_publish(dir, two, 2, NULL), ERR_STORAGE, "key': Permission denied");
}

static void test_publish_onto_a_mount_point_overwrites(void **state)
{
    (void)state;
    struct dir_published done;

    make_old();
    libc.rename = (struct failure){EBUSY, 0};
    assert_ok(dir_publish(dir, two, 2, &done));
    assert_true(done.in_place);
    assert_all_new();
}

static void test_overwriting_shorter_content_cuts_the_rest(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "key", "a much longer old key");
    libc.create = (struct failure){EROFS, 0};
    assert_ok(dir_publish(dir, two, 1, NULL));
    assert_content("key", "new key");
}

static void test_overwriting_on_a_full_disk_keeps_the_old_content(void **state)
{
    (void)state;
    make_old();
    libc.create = (struct failure){EACCES, 0};
    libc.fallocate = (struct failure){ENOSPC, 0};
    assert_fails(dir_publish(dir, two, 2, NULL), ERR_STORAGE, "No space left");
    assert_all_old();
}

static void test_publish_onto_a_symbolic_link_is_refused(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "target", "theirs");
    assert_int_equal(symlink("target", temp_dir_join(&tmp, "key")), 0);
    assert_fails(dir_publish(dir, two, 1, NULL), ERR_STORAGE, "key");
    assert_content("target", "theirs");
}

static void test_publish_through_an_allowed_link_keeps_the_link(void **state)
{
    (void)state;
    CLEANUP(dir_closep) struct dir *insecure = NULL;
    struct dir_published done;
    struct stat st;

    temp_dir_write(&tmp, "target", "theirs");
    assert_int_equal(symlink("target", temp_dir_join(&tmp, "key")), 0);
    assert_ok(dir_open(tmp.path, SYMLINKS_INSECURE, false, &insecure));
    assert_ok(dir_publish(insecure, two, 1, &done));
    assert_true(done.in_place);
    assert_content("target", "new key");
    assert_int_equal(lstat(temp_dir_join(&tmp, "key"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_replace_with_empty_content_empties_the_file(void **state)
{
    (void)state;
    make_old();
    assert_ok(dir_replace(dir, "key", (struct bytes){0}, 0600));
    assert_content("key", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_publish_new_files_have_exactly_the_mode_asked_for),
        TEST(test_publish_unchanged_file_is_not_touched),
        TEST(test_publish_same_length_other_content_is_replaced),
        TEST(test_publish_keeps_mode_and_owner_of_the_old_file),
        TEST(test_publish_makes_no_program_that_runs_as_its_owner),
        TEST(test_publish_keeps_the_acl_of_the_old_file),
        TEST(test_publish_gives_the_acl_asked_for),
        TEST(test_publish_reader_never_sees_a_cut_file),
        TEST(test_publish_makes_no_file_wider_than_it_will_be),
        TEST(test_publish_full_disk_at_any_write_changes_nothing),
        TEST(test_publish_failing_sync_changes_nothing),
        TEST(test_publish_frees_no_file_before_all_are_renamed),
        TEST(test_publish_failing_second_rename_says_what_was_replaced),
        TEST(test_publish_where_nothing_can_be_created_overwrites),
        TEST(test_publish_where_nothing_can_be_created_needs_the_file),
        TEST(test_publish_onto_a_mount_point_overwrites),
        TEST(test_overwriting_shorter_content_cuts_the_rest),
        TEST(test_overwriting_on_a_full_disk_keeps_the_old_content),
        TEST(test_publish_onto_a_symbolic_link_is_refused),
        TEST(test_publish_through_an_allowed_link_keeps_the_link),
        TEST(test_replace_with_empty_content_empties_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
