/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read a directory destination; needs a filesystem with POSIX ACLs, else skipped. */
#include "agent/acl.h"
#include "agent/destination.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define READER 4711
#define STRANGER 4712

struct place {
    struct temp_dir tmp;
    char *path;
    struct config_reader readers[1];
    struct config_destination config;
};

static char reader_number[] = "4711", reader_unknown[] = "no-such-name-anywhere";

static bool keeps_acls(const char *path)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct err *e = acl_get(fd, &acl);

    err_free(e);
    return !e;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = temp_dir_make();
    assert_int_equal(chmod(p->tmp.path, 0711), 0);
    assert_true(asprintf(&p->path, "%s/out", p->tmp.path) > 0);
    p->readers[0] = (struct config_reader){false, reader_number};
    p->config = (struct config_destination){.type = CONFIG_DESTINATION_DIRECTORY,
                                            .path = p->path,
                                            .acls = CONFIG_ACLS_REQUIRED,
                                            .readers = p->readers,
                                            .n_readers = 1};
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    assert_int_equal(seteuid(getuid()), 0);
    temp_dir_remove(&p->tmp);
    free(p->path);
    free(p);
    return 0;
}

static struct destination *make(const struct place *p)
{
    struct destination *d = NULL;

    if (!keeps_acls(p->tmp.path))
        skip();
    assert_ok(destination_new(&p->config, entropy_system(), &d));
    return d;
}

static void prepare_without_warning(struct destination *d)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};

    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 0);
}

static void publish(struct destination *d, const char *name, const char *content)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    struct dir_file f = {.name = name, .content = bytes_of_str(content), .mode = 0600};

    assert_ok(destination_publish(d, &f, 1, &report));
    assert_int_equal(report.warnings.len, 0);
}

static char *path_of(const struct place *p, const char *name)
{
    char *path = NULL;

    assert_true(asprintf(&path, "%s/%s", p->path, name) > 0);
    return path;
}

static void assert_acl(const struct place *p, const char *name, const char *want)
{
    CLEANUP(freep) char *path = path_of(p, name);
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE), text = BUF_INIT(ACL_MAX_SIZE);

    assert_true(fd >= 0);
    assert_ok(acl_get(fd, &acl));
    if (acl.len)
        assert_ok(acl_print(buf_bytes(&acl), &text));
    assert_string_equal(buf_str(&text), want);
}

#define FILE_ACL "user::rw-,user:4711:r--,group::---,mask::r--,other::---"
#define DIR_ACL "user::rwx,user:4711:r-x,group::---,mask::r-x,other::---"

static void test_publish_with_readers_gives_them_files_and_directory(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make(p);

    prepare_without_warning(d);
    assert_acl(p, ".", DIR_ACL);
    publish(d, "key", "one");
    assert_acl(p, "key", FILE_ACL);
    publish(d, "key", "two");
    assert_acl(p, "key", FILE_ACL);
    publish(d, "key", "two");
    assert_acl(p, "key", FILE_ACL);
}

static void test_publish_with_readers_repairs_what_lost_its_acl(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make(p);
    CLEANUP(freep) char *key = path_of(p, "key");

    prepare_without_warning(d);
    publish(d, "key", "one");
    assert_int_equal(removexattr(key, "system.posix_acl_access"), 0);
    assert_int_equal(removexattr(p->path, "system.posix_acl_access"), 0);
    assert_acl(p, "key", "");
    publish(d, "key", "one"); /* the same content: the file itself is not written */
    assert_acl(p, "key", FILE_ACL);
    assert_acl(p, ".", DIR_ACL);
    assert_int_equal(removexattr(key, "system.posix_acl_access"), 0);
    publish(d, "key", "two"); /* replaced: the bare old file is no model for the new */
    assert_acl(p, "key", FILE_ACL);
}

/* It has its ACL when it gets its name: the destination's own repair comes later. */
static void test_dir_publish_with_an_acl_makes_files_that_have_it(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make(p); /* for its skip */
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    CLEANUP(dir_closep) struct dir *dir = NULL;
    struct acl_reader one[] = {{false, READER}};
    const struct acl_readers readers = {one, 1};

    assert_ok(dir_open(p->path, SYMLINKS_SECURE, true, &dir));
    assert_ok(dir_replace(dir, "old", bytes_of_str("one"), 0600));
    assert_ok(acl_build(&readers, ACL_FOR_FILE, &acl));
    struct dir_file files[] = {
        {.name = "old", .content = bytes_of_str("two"), .mode = 0600, .acl = buf_bytes(&acl)},
        {.name = "new", .content = bytes_of_str("two"), .mode = 0600, .acl = buf_bytes(&acl)},
    };
    assert_ok(dir_publish(dir, files, 2, NULL));
    assert_acl(p, "old", FILE_ACL);
    assert_acl(p, "new", FILE_ACL);
}

static bool can_read(const char *path, uid_t who)
{
    assert_int_equal(seteuid(who), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool can = fd >= 0;
    closep(&fd);
    assert_int_equal(seteuid(0), 0);
    return can;
}

static void test_publish_with_readers_lets_them_read_and_nobody_else(void **state)
{
    const struct place *p = *state;
    CLEANUP(freep) char *key = path_of(p, "key");

    if (geteuid() != 0)
        skip(); /* only root can be several users */
    CLEANUP(destination_freep) struct destination *d = make(p);
    prepare_without_warning(d);
    publish(d, "key", "one");
    assert_true(can_read(key, READER));
    assert_false(can_read(key, STRANGER));
}

static void test_prepare_leaves_no_test_file_behind(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make(p);
    unsigned n = 0;

    prepare_without_warning(d);
    DIR *list = opendir(p->path);
    assert_non_null(list);
    for (const struct dirent *entry; (entry = readdir(list));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    assert_int_equal(n, 1); /* .write-test */
}

static void test_prepare_with_unknown_reader_fails_only_when_required(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_report_release) struct destination_report report = {0};

    p->readers[0].name = reader_unknown;
    CLEANUP(destination_freep) struct destination *strict = make(p);
    CLEANUP(err_freep) struct err *e = destination_prepare(strict, &report);
    assert_int_equal(err_code(e), ERR_CONFIG);
    assert_non_null(err_hint(e));
    p->config.acls = CONFIG_ACLS_TRY;
    CLEANUP(destination_freep) struct destination *d = make(p);
    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 1);
    assert_non_null(strstr(report.warnings.items[0], reader_unknown));
    publish(d, "key", "one");
    assert_acl(p, "key", "");
}

static void test_prepare_with_acls_off_sets_none(void **state)
{
    struct place *p = *state;

    p->config.acls = CONFIG_ACLS_OFF;
    CLEANUP(destination_freep) struct destination *d = make(p);
    prepare_without_warning(d);
    publish(d, "key", "one");
    assert_acl(p, ".", "");
    assert_acl(p, "key", "");
}

static void test_publish_without_readers_keeps_an_acl_somebody_gave(void **state)
{
    struct place *p = *state;
    CLEANUP(freep) char *key = path_of(p, "key");
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct acl_reader one[] = {{false, READER}};
    const struct acl_readers readers = {one, 1};

    p->config.n_readers = 0;
    CLEANUP(destination_freep) struct destination *d = make(p);
    prepare_without_warning(d);
    publish(d, "key", "one");
    assert_ok(acl_build(&readers, ACL_FOR_FILE, &acl));
    assert_int_equal(setxattr(key, "system.posix_acl_access", acl.data, acl.len, 0), 0);
    publish(d, "key", "two");
    assert_acl(p, "key", FILE_ACL);
}

/* A directory of somebody else's, where root can write all the same. */
static void make_foreign(const struct place *p)
{
    if (geteuid() != 0)
        skip(); /* only root can give a directory away */
    assert_int_equal(mkdir(p->path, 0700), 0);
    assert_int_equal(chown(p->path, STRANGER, (gid_t)-1), 0);
}

static void test_prepare_in_a_foreign_directory_with_readers_fails_when_required(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_report_release) struct destination_report report = {0};

    make_foreign(p);
    CLEANUP(destination_freep) struct destination *strict = make(p);
    assert_fails(destination_prepare(strict, &report), ERR_STORAGE, "belongs to user 4712");
    p->config.acls = CONFIG_ACLS_TRY;
    CLEANUP(destination_freep) struct destination *d = make(p);
    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 1);
    assert_acl(p, ".", "");
}

static void test_prepare_in_a_foreign_directory_without_readers_wants_an_acl(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_report_release) struct destination_report report = {0};
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct acl_reader one[] = {{false, READER}};
    const struct acl_readers readers = {one, 1};

    p->config.n_readers = 0;
    make_foreign(p);
    CLEANUP(destination_freep) struct destination *d = make(p);
    assert_fails(destination_prepare(d, &report), ERR_STORAGE, "there is no ACL");
    assert_ok(acl_build(&readers, ACL_FOR_DIRECTORY, &acl));
    assert_int_equal(setxattr(p->path, "system.posix_acl_access", acl.data, acl.len, 0), 0);
    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 0);
}

/* The test file's name comes from the entropy we hand in: one that is taken is no catastrophe. */
static void test_prepare_when_the_test_files_name_is_taken_keeps_going(void **state)
{
    const struct place *p = *state;
    struct fake_entropy dice;
    struct destination *d = NULL;
    const uint64_t taken = 0x2a;
    CLEANUP(freep) char *path = path_of(p, ".tbot-0000002a.tmp");

    if (!keeps_acls(p->tmp.path))
        skip();
    fake_entropy_init(&dice, 1);
    fake_entropy_script(&dice, &taken, 1);
    assert_ok(destination_new(&p->config, &dice.entropy, &d));
    assert_int_equal(mkdir(p->path, 0700), 0);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    prepare_without_warning(d);
    assert_int_equal(access(path, F_OK), -1);
    destination_free(d);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_publish_with_readers_gives_them_files_and_directory),
        TEST(test_publish_with_readers_repairs_what_lost_its_acl),
        TEST(test_dir_publish_with_an_acl_makes_files_that_have_it),
        TEST(test_publish_with_readers_lets_them_read_and_nobody_else),
        TEST(test_prepare_leaves_no_test_file_behind),
        TEST(test_prepare_with_unknown_reader_fails_only_when_required),
        TEST(test_prepare_with_acls_off_sets_none),
        TEST(test_publish_without_readers_keeps_an_acl_somebody_gave),
        TEST(test_prepare_in_a_foreign_directory_with_readers_fails_when_required),
        TEST(test_prepare_in_a_foreign_directory_without_readers_wants_an_acl),
        TEST(test_prepare_when_the_test_files_name_is_taken_keeps_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
