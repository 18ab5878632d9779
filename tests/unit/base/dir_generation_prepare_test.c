/* SPDX-License-Identifier: Apache-2.0 */
/* The start: what is removed, completed, and found impossible. */
#include "tests/unit/base/gen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#define OLD "..2001_02_03_04_05_06.000000007"
#define HALF "..2201_02_03_04_05_06.000000007"

static void test_prepare_removes_half_and_old_generations(void **state)
{
    (void)state;
    gen_publish("1");
    CLEANUP(freep) char *previous = gen_target_of("..data");
    gen_publish("2");
    gen_make_directory(OLD);
    temp_dir_write(&gen.tmp, OLD "/key", "old");
    gen_make_directory(HALF);
    temp_dir_write(&gen.tmp, HALF "/.tbot-abcdefgh.tmp", "half");
    gen_make_directory("..2001");
    assert_ok(dir_generation_prepare(gen.dir));
    assert_false(temp_dir_has(&gen.tmp, OLD));
    assert_false(temp_dir_has(&gen.tmp, HALF));
    assert_true(temp_dir_has(&gen.tmp, "..2001")); /* not a name of ours */
    assert_true(temp_dir_has(&gen.tmp, previous));
    gen_assert_pair("2");
}

static void test_prepare_leaves_a_generation_that_is_being_built(void **state)
{
    (void)state;
    gen_publish("1");
    gen_make_directory(HALF);
    CLEANUP(closep)
    int other = open(temp_dir_join(&gen.tmp, HALF), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_ok(dir_generation_prepare(gen.dir));
    assert_true(temp_dir_has(&gen.tmp, HALF));
}

static void another_start(void)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open(gen.tmp.path, SYMLINKS_SECURE, false, &d));
}

static void test_publish_while_another_process_cleans_up_goes_through(void **state)
{
    (void)state;
    gen.between = another_start;
    gen_publish("1");
    assert_null(gen.between);
    gen_assert_pair("1");
}

static void test_prepare_leaves_what_it_cannot_know(void **state)
{
    (void)state;
    gen_make_directory(OLD);
    gen_make_directory(OLD "/directory");
    gen_make_link(HALF, "/etc");
    assert_ok(dir_generation_prepare(gen.dir));
    assert_true(temp_dir_has(&gen.tmp, OLD "/directory"));
    gen_assert_target(HALF, "/etc");
}

static void test_prepare_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_ok(dir_generation_prepare(gen.dir));
    assert_int_equal(temp_dir_count(&gen.tmp), 0);
    gen_publish("1");
    size_t before = temp_dir_count(&gen.tmp);
    assert_ok(dir_generation_prepare(gen.dir));
    assert_int_equal(temp_dir_count(&gen.tmp), before);
}

static void test_prepare_completes_names_and_overwrites_none(void **state)
{
    (void)state;
    gen_publish("1");
    temp_dir_delete(&gen.tmp, "key");
    temp_dir_delete(&gen.tmp, "cert");
    temp_dir_write(&gen.tmp, "cert", "newer");
    assert_ok(dir_generation_prepare(gen.dir));
    gen_assert_content("key", "key 1");
    gen_assert_content("cert", "newer");
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
        assert_int_equal(chown(gen.tmp.path, NOBODY, (gid_t)-1), 0);
    become_nobody();
    assert_int_equal(chmod(gen.tmp.path, 0500), 0);
    assert_fails(dir_generation_prepare(gen.dir), ERR_STORAGE, "Permission denied");
    assert_int_equal(chmod(gen.tmp.path, 0700), 0);
}

static void test_prepare_where_the_owner_cannot_be_kept_fails(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(gen.tmp.path, 0777), 0);
    become_nobody();
    assert_fails(dir_generation_prepare(gen.dir), ERR_STORAGE, "owner and permissions");
    assert_int_equal(gen_count_generations(), 0);
}

static void test_prepare_without_links_in_the_filesystem_fails(void **state)
{
    (void)state;
    gen.no_symlink = EPERM;
    assert_fails(dir_generation_prepare(gen.dir), ERR_STORAGE, "symbolic link");
    gen.no_symlink = 0;
    gen.no_link = EPERM;
    assert_fails(dir_generation_prepare(gen.dir), ERR_STORAGE, "hard link");
    assert_int_equal(temp_dir_count(&gen.tmp), 0);
}

static void test_publish_keeps_the_group_bit_of_the_directory_where_it_may(void **state)
{
    (void)state;
    assert_int_equal(chmod(gen.tmp.path, 02750), 0);
    assert_ok(dir_generation_prepare(gen.dir));
    gen_publish("1");
    assert_int_equal(gen_look("..data/.").st_mode & 07777, 02750);
    gen.no_set_id = true;
    gen_publish("2");
    gen_assert_pair("2");
    assert_int_equal(gen_look("..data/.").st_mode & 07777, 0750);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GEN_TEST(test_prepare_removes_half_and_old_generations),
        GEN_TEST(test_prepare_leaves_a_generation_that_is_being_built),
        GEN_TEST(test_publish_while_another_process_cleans_up_goes_through),
        GEN_TEST(test_prepare_leaves_what_it_cannot_know),
        GEN_TEST(test_prepare_leaves_nothing_behind),
        GEN_TEST(test_prepare_completes_names_and_overwrites_none),
        GEN_TEST(test_prepare_where_nothing_can_be_made_fails),
        GEN_TEST(test_prepare_where_the_owner_cannot_be_kept_fails),
        GEN_TEST(test_prepare_without_links_in_the_filesystem_fails),
        GEN_TEST(test_publish_keeps_the_group_bit_of_the_directory_where_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
