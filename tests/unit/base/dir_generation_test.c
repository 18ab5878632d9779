/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation.h"

#include "base/dir_generation_internal.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Called once between the making of a temporary link and its renaming. */
static void (*between)(void);

/* Filesystems differ in what they know: errno of these calls, 0 for "as the system does". */
static struct {
    int symlink, link;
} refused;

int __real_symlinkat(const char *target, int fd, const char *name);
int __wrap_symlinkat(const char *target, int fd, const char *name);
int __wrap_symlinkat(const char *target, int fd, const char *name)
{
    void (*meanwhile)(void) = between;

    between = NULL;
    errno = refused.symlink;
    int done = refused.symlink ? -1 : __real_symlinkat(target, fd, name);
    if (meanwhile)
        meanwhile();
    return done;
}

int __real_linkat(int from, const char *old, int to, const char *new, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *new, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *new, int flags)
{
    errno = refused.link;
    return refused.link ? -1 : __real_linkat(from, old, to, new, flags);
}

static struct temp_dir tmp;
static struct dir *dir;

static int set_up(void **state)
{
    (void)state;
    memset(&refused, 0, sizeof(refused));
    umask(077);
    tmp = temp_dir_make();
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &dir));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(seteuid(getuid()), 0);
    dir_close(dir);
    temp_dir_remove(&tmp);
    return 0;
}

/* A pair that belongs together: "key N" and "cert N". */
static unsigned publish(const char *n)
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
    assert_ok(dir_generation_publish(dir, files, 3, &done));
    assert_false(done.in_place);
    return done.changed;
}

static struct err *try_publish_key(void)
{
    const struct dir_file key = {.name = "key", .content = bytes_of_str("new"), .mode = 0600};
    return dir_generation_publish(dir, &key, 1, NULL);
}

static void assert_content(const char *name, const char *want)
{
    CLEANUP(freep) char *content = temp_dir_read(&tmp, name);

    if (!content)
        fail_msg("'%s' is missing", name);
    assert_string_equal(content, want);
}

static void assert_pair(const char *n)
{
    char text[32];

    snprintf(text, sizeof(text), "key %s", n);
    assert_content("key", text);
    snprintf(text, sizeof(text), "cert %s", n);
    assert_content("cert", text);
    assert_content("ca", "the CA");
}

static char *target_of(const char *name)
{
    char target[300] = {0};

    if (readlink(temp_dir_join(&tmp, name), target, sizeof(target) - 1) < 0)
        fail_msg("'%s' is no symbolic link", name);
    return strdup(target);
}

static void assert_target(const char *name, const char *want)
{
    CLEANUP(freep) char *target = target_of(name);

    assert_string_equal(target, want);
}

static struct stat look(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(temp_dir_join(&tmp, name), &st), 0);
    return st;
}

static ino_t inode_behind(const char *name)
{
    struct stat st;

    assert_int_equal(stat(temp_dir_join(&tmp, name), &st), 0);
    return st.st_ino;
}

static unsigned count_generations(void)
{
    DIR *list = opendir(tmp.path);
    const struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(list)))
        n += strncmp(entry->d_name, "..2", 3) == 0 || strncmp(entry->d_name, "..1", 3) == 0;
    closedir(list);
    return n;
}

static void make_directory(const char *name)
{
    assert_int_equal(mkdir(temp_dir_join(&tmp, name), 0700), 0);
}

static void make_link(const char *name, const char *target)
{
    assert_int_equal(symlink(target, temp_dir_join(&tmp, name)), 0);
}

static void test_publish_gives_names_that_lead_through_one_link(void **state)
{
    (void)state;
    assert_int_equal(publish("1"), 3);
    assert_pair("1");
    assert_target("key", "..data/key");
    assert_target("cert", "..data/cert");
    CLEANUP(freep) char *generation = target_of("..data");
    assert_true(dir_generation_name_is_ours(generation));
    assert_true(S_ISDIR(look(generation).st_mode));
    assert_int_equal(look(generation).st_mode & 07777, 0700);
    assert_int_equal(look("..data/key").st_mode & 07777, 0600);
    assert_int_equal(temp_dir_count(&tmp), 5); /* three names, the link, the generation */
}

static void test_publish_again_keeps_the_generation_before_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(publish("1"), 3);
    CLEANUP(freep) char *first = target_of("..data");
    assert_int_equal(publish("2"), 2);
    assert_pair("2");
    assert_true(temp_dir_has(&tmp, first));
    CLEANUP(freep) char *second = target_of("..data");
    assert_int_equal(publish("3"), 2);
    assert_pair("3");
    assert_false(temp_dir_has(&tmp, first));
    assert_true(temp_dir_has(&tmp, second));
    assert_int_equal(temp_dir_count(&tmp), 6);
}

static char *read_at(int fd, const char *name)
{
    CLEANUP(closep) int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
    char text[64] = {0};

    assert_true(file >= 0);
    assert_true(read(file, text, sizeof(text) - 1) > 0);
    return strdup(text);
}

static void test_reader_of_an_opened_generation_stays_in_it(void **state)
{
    (void)state;
    publish("1");
    CLEANUP(closep)
    int fd = open(temp_dir_join(&tmp, "..data"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    publish("2");
    CLEANUP(freep) char *key = read_at(fd, "key");
    CLEANUP(freep) char *cert = read_at(fd, "cert");
    assert_string_equal(key, "key 1");
    assert_string_equal(cert, "cert 1");
}

static void test_publish_of_the_same_makes_no_generation(void **state)
{
    (void)state;
    publish("1");
    CLEANUP(freep) char *before = target_of("..data");
    assert_int_equal(publish("1"), 0);
    assert_target("..data", before);
    assert_int_equal(count_generations(), 1);
}

static void test_publish_makes_a_lost_name_again(void **state)
{
    (void)state;
    publish("1");
    temp_dir_delete(&tmp, "key");
    assert_int_equal(publish("1"), 0);
    assert_pair("1");
}

static void test_publish_leaves_unchanged_and_unnamed_files_the_same(void **state)
{
    (void)state;
    publish("1");
    ino_t ca = inode_behind("ca"), cert = inode_behind("cert"), key = inode_behind("key");
    assert_ok(try_publish_key());
    assert_int_equal(inode_behind("ca"), ca);
    assert_int_equal(inode_behind("cert"), cert);
    assert_int_not_equal(inode_behind("key"), key);
    assert_content("cert", "cert 1");
    assert_content("key", "new");
}

static void test_publish_keeps_the_mode_a_person_gave_a_file(void **state)
{
    (void)state;
    publish("1");
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 0640), 0);
    publish("2");
    assert_int_equal(look("..data/key").st_mode & 07777, 0640);
    assert_int_equal(look("..data/cert").st_mode & 07777, 0600);
}

/* Version 2; user::rwx, user:1234:r-x, group::---, mask::r-x, other::--- */
static const uint8_t acl[] = {
    2,  0, 0, 0,                         /* version */
    1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
    2,  0, 5, 0, 0xd2, 4,    0,    0,    /* user 1234 */
    4,  0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* group */
    16, 0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* mask */
    32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
};

static void test_publish_gives_generations_the_rights_of_the_directory(void **state)
{
    static const char name[] = "system.posix_acl_access";
    uint8_t found[128];

    (void)state;
    assert_int_equal(chmod(tmp.path, 0750), 0);
    publish("1");
    assert_int_equal(look("..data/.").st_mode & 07777, 0750);
    if (setxattr(tmp.path, name, acl, sizeof(acl), 0) != 0)
        skip(); /* no ACLs on this filesystem */
    publish("2");
    ssize_t len = getxattr(temp_dir_join(&tmp, "..data/."), name, found, sizeof(found));
    assert_int_equal(len, sizeof(acl));
    assert_memory_equal(found, acl, sizeof(acl));
}

static void test_publish_over_plain_files_turns_them_into_links(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "key", "key 0");
    temp_dir_write(&tmp, "cert", "cert 0");
    temp_dir_write(&tmp, "ca", "the CA");
    temp_dir_write(&tmp, "foreign", "theirs");
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 0640), 0);
    ino_t ca = inode_behind("ca");
    assert_int_equal(publish("1"), 2);
    assert_pair("1");
    assert_target("key", "..data/key");
    assert_target("ca", "..data/ca");
    assert_int_equal(inode_behind("ca"), ca);
    assert_int_equal(look("..data/key").st_mode & 07777, 0640);
    assert_true(S_ISREG(look("foreign").st_mode));
    assert_content("foreign", "theirs");
}

static void test_publish_over_a_plain_file_beside_links_takes_it_in(void **state)
{
    (void)state;
    publish("1");
    temp_dir_delete(&tmp, "key");
    temp_dir_write(&tmp, "key", "somebody's");
    publish("2");
    assert_pair("2");
    assert_target("key", "..data/key");
}

static void test_dissolve_gives_plain_files_of_the_same_content(void **state)
{
    CLEANUP(freep) char *list = NULL;

    (void)state;
    publish("1");
    publish("2");
    ino_t key = inode_behind("key");
    for (int i = 0; i < 2; i++) {
        assert_ok(dir_generation_dissolve(dir));
        assert_pair("2");
        assert_int_equal(look("key").st_ino, key);
        assert_true(S_ISREG(look("cert").st_mode));
    }
    list = temp_dir_list(&tmp);
    assert_string_equal(list, "ca cert key");
    publish("3");
    assert_pair("3");
    assert_target("key", "..data/key");
}

static void test_dissolve_removes_names_that_lead_nowhere(void **state)
{
    (void)state;
    publish("1");
    make_link("gone", "..data/gone");
    assert_ok(dir_generation_dissolve(dir));
    assert_false(temp_dir_has(&tmp, "gone"));
    assert_pair("1");
}

static void test_dissolve_leaves_what_is_not_ours(void **state)
{
    (void)state;
    temp_dir_write(&tmp, "key", "theirs");
    make_directory("secrets");
    make_link("..data", "secrets");
    make_link("cert", "..data/cert");
    assert_ok(dir_generation_dissolve(dir));
    assert_target("..data", "secrets");
    assert_target("cert", "..data/cert");
}

static void test_publish_beside_a_foreign_data_link_refuses(void **state)
{
    static const char *const targets[] = {"elsewhere", "/etc", "..2026_13_40_15_04_05.123456789",
                                          "..2026_01_02_15_04_05.12345678",
                                          "..2026_01_02_15_04_05.123456789/"};

    (void)state;
    make_directory("elsewhere");
    temp_dir_write(&tmp, "elsewhere/key", "theirs");
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
        make_link("..data", targets[i]);
        assert_fails(try_publish_key(), ERR_STORAGE, "..data' is not the symbolic link");
        assert_fails(dir_generation_prepare(dir), ERR_STORAGE, "..data' is not the symbolic link");
        temp_dir_delete(&tmp, "..data");
    }
    temp_dir_write(&tmp, "..data", "");
    assert_fails(try_publish_key(), ERR_STORAGE, "..data' is not the symbolic link");
    assert_content("elsewhere/key", "theirs");
    assert_false(temp_dir_has(&tmp, "key"));
}

static void test_publish_onto_a_foreign_link_or_directory_changes_nothing(void **state)
{
    (void)state;
    publish("1");
    temp_dir_delete(&tmp, "key");
    temp_dir_write(&tmp, "victim", "theirs");
    make_link("key", "victim");
    assert_fails(try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    temp_dir_delete(&tmp, "key");
    make_link("key", "..data/cert"); /* as ours, but for another file */
    assert_fails(try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    temp_dir_delete(&tmp, "key");
    make_directory("key");
    assert_fails(try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    assert_content("victim", "theirs");
    assert_content("..data/key", "key 1");
    assert_int_equal(count_generations(), 1);
}

static void test_publish_of_a_path_refuses(void **state)
{
    const struct dir_file out = {.name = "../key", .content = bytes_of_str("x"), .mode = 0600};

    (void)state;
    assert_fails(dir_generation_publish(dir, &out, 1, NULL), ERR_STORAGE, "plain file name");
}

static void test_generation_of_another_user_is_not_followed(void **state)
{
    CLEANUP(dir_closep) struct dir *gen = NULL;

    (void)state;
    if (geteuid() != 0)
        skip();
    publish("1");
    assert_int_equal(lchown(temp_dir_join(&tmp, "..data/."), 1234, 1234), 0);
    assert_fails(dir_generation_open(dir, &gen), ERR_STORAGE, "belongs to user 1234");
    assert_fails(try_publish_key(), ERR_STORAGE, "belongs to user 1234");
    assert_null(gen);
}

#define OLD "..2001_02_03_04_05_06.000000007"
#define HALF "..2201_02_03_04_05_06.000000007"

static void test_prepare_removes_half_and_old_generations(void **state)
{
    (void)state;
    publish("1");
    CLEANUP(freep) char *previous = target_of("..data");
    publish("2");
    make_directory(OLD);
    temp_dir_write(&tmp, OLD "/key", "old");
    make_directory(HALF);
    temp_dir_write(&tmp, HALF "/.tbot-abcdefgh.tmp", "half");
    make_directory("..2001");
    assert_ok(dir_generation_prepare(dir));
    assert_false(temp_dir_has(&tmp, OLD));
    assert_false(temp_dir_has(&tmp, HALF));
    assert_true(temp_dir_has(&tmp, "..2001")); /* not a name of ours */
    assert_true(temp_dir_has(&tmp, previous));
    assert_pair("2");
}

static void test_prepare_leaves_a_generation_that_is_being_built(void **state)
{
    (void)state;
    publish("1");
    make_directory(HALF);
    CLEANUP(closep) int other = open(temp_dir_join(&tmp, HALF), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_ok(dir_generation_prepare(dir));
    assert_true(temp_dir_has(&tmp, HALF));
}

static void another_start(void)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &d));
}

static void test_publish_while_another_process_cleans_up_goes_through(void **state)
{
    (void)state;
    between = another_start;
    publish("1");
    assert_null(between);
    assert_pair("1");
}

static void test_prepare_leaves_what_it_cannot_know(void **state)
{
    (void)state;
    make_directory(OLD);
    make_directory(OLD "/directory");
    make_link(HALF, "/etc");
    assert_ok(dir_generation_prepare(dir));
    assert_true(temp_dir_has(&tmp, OLD "/directory"));
    assert_target(HALF, "/etc");
}

static void test_prepare_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_ok(dir_generation_prepare(dir));
    assert_int_equal(temp_dir_count(&tmp), 0);
    publish("1");
    size_t before = temp_dir_count(&tmp);
    assert_ok(dir_generation_prepare(dir));
    assert_int_equal(temp_dir_count(&tmp), before);
}

static void test_prepare_completes_names_and_overwrites_none(void **state)
{
    (void)state;
    publish("1");
    temp_dir_delete(&tmp, "key");
    temp_dir_delete(&tmp, "cert");
    temp_dir_write(&tmp, "cert", "newer");
    assert_ok(dir_generation_prepare(dir));
    assert_content("key", "key 1");
    assert_content("cert", "newer");
}

#define NOBODY 65534

static void become_nobody(void)
{
    if (geteuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
}

static void test_prepare_where_nothing_can_be_made_fails(void **state)
{
    (void)state;
    if (geteuid() == 0)
        assert_int_equal(chown(tmp.path, NOBODY, (gid_t)-1), 0);
    become_nobody();
    assert_int_equal(chmod(tmp.path, 0500), 0);
    assert_fails(dir_generation_prepare(dir), ERR_STORAGE, "Permission denied");
    assert_int_equal(chmod(tmp.path, 0700), 0);
}

static void test_prepare_where_the_owner_cannot_be_kept_fails(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(tmp.path, 0777), 0);
    become_nobody();
    assert_fails(dir_generation_prepare(dir), ERR_STORAGE, "owner and permissions");
    assert_int_equal(count_generations(), 0);
}

static void test_prepare_without_links_in_the_filesystem_fails(void **state)
{
    (void)state;
    refused.symlink = EPERM;
    assert_fails(dir_generation_prepare(dir), ERR_STORAGE, "symbolic link");
    refused.symlink = 0;
    refused.link = EPERM;
    assert_fails(dir_generation_prepare(dir), ERR_STORAGE, "hard link");
    assert_int_equal(temp_dir_count(&tmp), 0);
}

/* In place it would change the generation before, too. */
static void test_publish_where_a_file_cannot_be_replaced_changes_nothing(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    publish("1");
    /* Whoever may write a file may link it, even where protected_hardlinks is set. */
    assert_int_equal(chmod(temp_dir_join(&tmp, "ca"), 0666), 0);
    assert_int_equal(chmod(temp_dir_join(&tmp, "cert"), 0666), 0);
    assert_int_equal(chmod(temp_dir_join(&tmp, "key"), 0666), 0);
    assert_int_equal(chown(tmp.path, NOBODY, (gid_t)-1), 0);
    assert_int_equal(chown(temp_dir_join(&tmp, "..data/."), NOBODY, (gid_t)-1), 0);
    become_nobody();
    assert_fails(try_publish_key(), ERR_STORAGE, "keep owner and permissions of");
    assert_int_equal(seteuid(getuid()), 0);
    assert_content("key", "key 1");
}

static void test_publish_after_a_person_went_back_goes_on(void **state)
{
    (void)state;
    publish("1");
    CLEANUP(freep) char *first = target_of("..data");
    publish("2");
    temp_dir_delete(&tmp, "..data");
    make_link("..data", first);
    assert_pair("1");
    publish("3");
    assert_pair("3");
    assert_int_equal(count_generations(), 2);
}

static void test_open_gives_the_generation_in_force(void **state)
{
    CLEANUP(dir_closep) struct dir *gen = NULL;
    CLEANUP(buf_freep) struct buf *key = NULL;

    (void)state;
    assert_fails(dir_generation_open(dir, &gen), ERR_NOT_FOUND, tmp.path);
    publish("1");
    assert_ok(dir_generation_open(dir, &gen));
    publish("2");
    assert_ok(dir_read(gen, "key", 100, &key));
    assert_string_equal(buf_str(key), "key 1");
    assert_true(dir_generation_has(dir, "key"));
    assert_false(dir_generation_has(dir, "..data"));
    assert_false(dir_generation_has(dir, "missing"));
}

static void assert_next(int64_t now_ns, const char *after, const char *want)
{
    char name[DIR_GENERATION_NAME_SIZE];

    dir_generation_name_next((struct wall){now_ns}, after, name);
    assert_string_equal(name, want);
    assert_true(dir_generation_name_is_ours(name));
    assert_true(strcmp(name, after) > 0);
}

static void test_next_name_is_the_time_and_never_behind(void **state)
{
    const int64_t s = INT64_C(1000000000);

    (void)state;
    assert_next(1767366245 * s + 123456789, "", "..2026_01_02_15_04_05.123456789");
    assert_next(-5, "", "..1970_01_01_00_00_00.000000000");
    assert_next(1767366245 * s, "..2026_01_02_15_04_04.999999999",
                "..2026_01_02_15_04_05.000000000");
    /* The clock was set back, or has not moved on. */
    assert_next(1767366245 * s, "..2026_01_02_15_04_05.000000000",
                "..2026_01_02_15_04_05.000000001");
    assert_next(0, "..2031_12_31_23_59_59.999999999", "..2032_01_01_00_00_00.000000000");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_publish_gives_names_that_lead_through_one_link),
        TEST(test_publish_again_keeps_the_generation_before_and_no_more),
        TEST(test_reader_of_an_opened_generation_stays_in_it),
        TEST(test_publish_of_the_same_makes_no_generation),
        TEST(test_publish_makes_a_lost_name_again),
        TEST(test_publish_leaves_unchanged_and_unnamed_files_the_same),
        TEST(test_publish_keeps_the_mode_a_person_gave_a_file),
        TEST(test_publish_gives_generations_the_rights_of_the_directory),
        TEST(test_publish_over_plain_files_turns_them_into_links),
        TEST(test_publish_over_a_plain_file_beside_links_takes_it_in),
        TEST(test_dissolve_gives_plain_files_of_the_same_content),
        TEST(test_dissolve_removes_names_that_lead_nowhere),
        TEST(test_dissolve_leaves_what_is_not_ours),
        TEST(test_publish_beside_a_foreign_data_link_refuses),
        TEST(test_publish_onto_a_foreign_link_or_directory_changes_nothing),
        TEST(test_publish_of_a_path_refuses),
        TEST(test_generation_of_another_user_is_not_followed),
        TEST(test_prepare_removes_half_and_old_generations),
        TEST(test_prepare_leaves_a_generation_that_is_being_built),
        TEST(test_publish_while_another_process_cleans_up_goes_through),
        TEST(test_prepare_leaves_what_it_cannot_know),
        TEST(test_prepare_leaves_nothing_behind),
        TEST(test_prepare_completes_names_and_overwrites_none),
        TEST(test_prepare_where_nothing_can_be_made_fails),
        TEST(test_prepare_where_the_owner_cannot_be_kept_fails),
        TEST(test_prepare_without_links_in_the_filesystem_fails),
        TEST(test_publish_where_a_file_cannot_be_replaced_changes_nothing),
        TEST(test_publish_after_a_person_went_back_goes_on),
        TEST(test_open_gives_the_generation_in_force),
        TEST(test_next_name_is_the_time_and_never_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
