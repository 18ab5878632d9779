/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"
#include "tests/unit/base/gen.h"

#include <fcntl.h>
#include <sys/xattr.h>

static void test_publish_gives_names_that_lead_through_one_link(void **state)
{
    (void)state;
    assert_int_equal(gen_publish("1"), 3);
    gen_assert_pair("1");
    gen_assert_target("key", "..data/key");
    gen_assert_target("cert", "..data/cert");
    CLEANUP(freep) char *generation = gen_target_of("..data");
    assert_true(dir_generation_name_is_ours(generation));
    assert_true(S_ISDIR(gen_look(generation).st_mode));
    assert_int_equal(gen_look(generation).st_mode & 07777, 0700);
    assert_int_equal(gen_look("..data/key").st_mode & 07777, 0600);
    assert_int_equal(temp_dir_count(&gen.tmp), 5); /* three names, the link, the generation */
}

static void test_publish_again_keeps_the_generation_before_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(gen_publish("1"), 3);
    CLEANUP(freep) char *first = gen_target_of("..data");
    assert_int_equal(gen_publish("2"), 2);
    gen_assert_pair("2");
    assert_true(temp_dir_has(&gen.tmp, first));
    CLEANUP(freep) char *second = gen_target_of("..data");
    assert_int_equal(gen_publish("3"), 2);
    gen_assert_pair("3");
    assert_false(temp_dir_has(&gen.tmp, first));
    assert_true(temp_dir_has(&gen.tmp, second));
    assert_int_equal(temp_dir_count(&gen.tmp), 6);
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
    gen_publish("1");
    CLEANUP(closep)
    int fd = open(temp_dir_join(&gen.tmp, "..data"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gen_publish("2");
    CLEANUP(freep) char *key = read_at(fd, "key");
    CLEANUP(freep) char *cert = read_at(fd, "cert");
    assert_string_equal(key, "key 1");
    assert_string_equal(cert, "cert 1");
}

static void test_publish_of_the_same_makes_no_generation(void **state)
{
    (void)state;
    gen_publish("1");
    CLEANUP(freep) char *before = gen_target_of("..data");
    assert_int_equal(gen_publish("1"), 0);
    gen_assert_target("..data", before);
    assert_int_equal(gen_count_generations(), 1);
}

static void test_publish_makes_a_lost_name_again(void **state)
{
    (void)state;
    gen_publish("1");
    temp_dir_delete(&gen.tmp, "key");
    assert_int_equal(gen_publish("1"), 0);
    gen_assert_pair("1");
}

static void test_publish_leaves_unchanged_and_unnamed_files_the_same(void **state)
{
    (void)state;
    gen_publish("1");
    ino_t ca = gen_inode_behind("ca"), cert = gen_inode_behind("cert"),
          key = gen_inode_behind("key");
    assert_ok(gen_try_publish_key());
    assert_int_equal(gen_inode_behind("ca"), ca);
    assert_int_equal(gen_inode_behind("cert"), cert);
    assert_int_not_equal(gen_inode_behind("key"), key);
    gen_assert_content("cert", "cert 1");
    gen_assert_content("key", "new");
}

static void test_publish_keeps_the_mode_a_person_gave_a_file(void **state)
{
    (void)state;
    gen_publish("1");
    assert_int_equal(chmod(temp_dir_join(&gen.tmp, "key"), 0640), 0);
    gen_publish("2");
    assert_int_equal(gen_look("..data/key").st_mode & 07777, 0640);
    assert_int_equal(gen_look("..data/cert").st_mode & 07777, 0600);
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
    assert_int_equal(chmod(gen.tmp.path, 0750), 0);
    gen_publish("1");
    assert_int_equal(gen_look("..data/.").st_mode & 07777, 0750);
    if (setxattr(gen.tmp.path, name, acl, sizeof(acl), 0) != 0)
        skip(); /* no ACLs on this filesystem */
    gen_publish("2");
    ssize_t len = getxattr(temp_dir_join(&gen.tmp, "..data/."), name, found, sizeof(found));
    assert_int_equal(len, sizeof(acl));
    assert_memory_equal(found, acl, sizeof(acl));
}

static void test_open_gives_the_generation_in_force(void **state)
{
    CLEANUP(dir_closep) struct dir *opened = NULL;
    CLEANUP(buf_freep) struct buf *key = NULL;

    (void)state;
    assert_fails(dir_generation_open(gen.dir, &opened), ERR_NOT_FOUND, gen.tmp.path);
    gen_publish("1");
    assert_ok(dir_generation_open(gen.dir, &opened));
    gen_publish("2");
    assert_ok(dir_read(opened, "key", 100, &key));
    assert_string_equal(buf_str(key), "key 1");
    assert_true(dir_generation_has(gen.dir, "key"));
    assert_false(dir_generation_has(gen.dir, "..data"));
    assert_false(dir_generation_has(gen.dir, "missing"));
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
    const struct CMUnitTest tests[] = {
        GEN_TEST(test_publish_gives_names_that_lead_through_one_link),
        GEN_TEST(test_publish_again_keeps_the_generation_before_and_no_more),
        GEN_TEST(test_reader_of_an_opened_generation_stays_in_it),
        GEN_TEST(test_publish_of_the_same_makes_no_generation),
        GEN_TEST(test_publish_makes_a_lost_name_again),
        GEN_TEST(test_publish_leaves_unchanged_and_unnamed_files_the_same),
        GEN_TEST(test_publish_keeps_the_mode_a_person_gave_a_file),
        GEN_TEST(test_publish_gives_generations_the_rights_of_the_directory),
        GEN_TEST(test_open_gives_the_generation_in_force),
        GEN_TEST(test_next_name_is_the_time_and_never_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
