/* SPDX-License-Identifier: Apache-2.0 */
/* What was there before, what others put there, and the way back to plain files. */
#include "tests/unit/base/gen.h"

static void test_publish_over_plain_files_turns_them_into_links(void **state)
{
    (void)state;
    temp_dir_write(&gen.tmp, "key", "key 0");
    temp_dir_write(&gen.tmp, "cert", "cert 0");
    temp_dir_write(&gen.tmp, "ca", "the CA");
    temp_dir_write(&gen.tmp, "foreign", "theirs");
    assert_int_equal(chmod(temp_dir_join(&gen.tmp, "key"), 0640), 0);
    ino_t ca = gen_inode_behind("ca");
    assert_int_equal(gen_publish("1"), 2);
    gen_assert_pair("1");
    gen_assert_target("key", "..data/key");
    gen_assert_target("ca", "..data/ca");
    assert_int_equal(gen_inode_behind("ca"), ca);
    assert_int_equal(gen_look("..data/key").st_mode & 07777, 0640);
    assert_true(S_ISREG(gen_look("foreign").st_mode));
    gen_assert_content("foreign", "theirs");
}

static void test_publish_over_a_plain_file_beside_links_takes_it_in(void **state)
{
    (void)state;
    gen_publish("1");
    temp_dir_delete(&gen.tmp, "key");
    temp_dir_write(&gen.tmp, "key", "somebody's");
    gen_publish("2");
    gen_assert_pair("2");
    gen_assert_target("key", "..data/key");
}

static void test_dissolve_gives_plain_files_of_the_same_content(void **state)
{
    CLEANUP(freep) char *list = NULL;

    (void)state;
    gen_publish("1");
    gen_publish("2");
    ino_t key = gen_inode_behind("key");
    for (int i = 0; i < 2; i++) {
        assert_ok(dir_generation_dissolve(gen.dir));
        gen_assert_pair("2");
        assert_int_equal(gen_look("key").st_ino, key);
        assert_true(S_ISREG(gen_look("cert").st_mode));
    }
    list = temp_dir_list(&gen.tmp);
    assert_string_equal(list, "ca cert key");
    gen_publish("3");
    gen_assert_pair("3");
    gen_assert_target("key", "..data/key");
}

static void test_dissolve_removes_names_that_lead_nowhere(void **state)
{
    (void)state;
    gen_publish("1");
    gen_make_link("gone", "..data/gone");
    assert_ok(dir_generation_dissolve(gen.dir));
    assert_false(temp_dir_has(&gen.tmp, "gone"));
    gen_assert_pair("1");
}

static void test_dissolve_leaves_what_is_not_ours(void **state)
{
    (void)state;
    temp_dir_write(&gen.tmp, "key", "theirs");
    gen_make_directory("secrets");
    gen_make_link("..data", "secrets");
    gen_make_link("cert", "..data/cert");
    assert_ok(dir_generation_dissolve(gen.dir));
    gen_assert_target("..data", "secrets");
    gen_assert_target("cert", "..data/cert");
}

static void test_publish_beside_a_foreign_data_link_refuses(void **state)
{
    static const char *const targets[] = {"elsewhere", "/etc", "..2026_13_40_15_04_05.123456789",
                                          "..2026_01_02_15_04_05.12345678",
                                          "..2026_01_02_15_04_05.123456789/"};

    (void)state;
    gen_make_directory("elsewhere");
    temp_dir_write(&gen.tmp, "elsewhere/key", "theirs");
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
        gen_make_link("..data", targets[i]);
        assert_fails(gen_try_publish_key(), ERR_STORAGE, "..data' is not the symbolic link");
        assert_fails(dir_generation_prepare(gen.dir), ERR_STORAGE,
                     "..data' is not the symbolic link");
        temp_dir_delete(&gen.tmp, "..data");
    }
    temp_dir_write(&gen.tmp, "..data", "");
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "..data' is not the symbolic link");
    gen_assert_content("elsewhere/key", "theirs");
    assert_false(temp_dir_has(&gen.tmp, "key"));
}

static void test_publish_onto_a_foreign_link_or_directory_changes_nothing(void **state)
{
    (void)state;
    gen_publish("1");
    temp_dir_delete(&gen.tmp, "key");
    temp_dir_write(&gen.tmp, "victim", "theirs");
    gen_make_link("key", "victim");
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    temp_dir_delete(&gen.tmp, "key");
    gen_make_link("key", "..data/cert"); /* as ours, but for another file */
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    temp_dir_delete(&gen.tmp, "key");
    gen_make_directory("key");
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "key' is neither a file nor a link");
    gen_assert_content("victim", "theirs");
    gen_assert_content("..data/key", "key 1");
    assert_int_equal(gen_count_generations(), 1);
}

static void test_publish_of_a_path_refuses(void **state)
{
    const struct dir_file out = {.name = "../key", .content = bytes_of_str("x"), .mode = 0600};

    (void)state;
    assert_fails(dir_generation_publish(gen.dir, &out, 1, NULL), ERR_STORAGE, "plain file name");
}

static void test_generation_of_another_user_is_not_followed(void **state)
{
    CLEANUP(dir_closep) struct dir *opened = NULL;

    (void)state;
    if (geteuid() != 0)
        skip();
    gen_publish("1");
    assert_int_equal(lchown(temp_dir_join(&gen.tmp, "..data/."), 1234, 1234), 0);
    assert_fails(dir_generation_open(gen.dir, &opened), ERR_STORAGE, "belongs to user 1234");
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "belongs to user 1234");
    assert_null(opened);
}

#define NOBODY 65534

static void become_nobody(void)
{
    if (geteuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
}

/* In place it would change the generation before, too. */
static void test_publish_where_a_file_cannot_be_replaced_changes_nothing(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    gen_publish("1");
    /* Whoever may write a file may link it, even where protected_hardlinks is set. */
    assert_int_equal(chmod(temp_dir_join(&gen.tmp, "ca"), 0666), 0);
    assert_int_equal(chmod(temp_dir_join(&gen.tmp, "cert"), 0666), 0);
    assert_int_equal(chmod(temp_dir_join(&gen.tmp, "key"), 0666), 0);
    assert_int_equal(chown(gen.tmp.path, NOBODY, (gid_t)-1), 0);
    assert_int_equal(chown(temp_dir_join(&gen.tmp, "..data/."), NOBODY, (gid_t)-1), 0);
    become_nobody();
    assert_fails(gen_try_publish_key(), ERR_STORAGE, "keep owner and permissions of");
    assert_int_equal(seteuid(getuid()), 0);
    gen_assert_content("key", "key 1");
}

static void test_publish_after_a_person_went_back_goes_on(void **state)
{
    (void)state;
    gen_publish("1");
    CLEANUP(freep) char *first = gen_target_of("..data");
    gen_publish("2");
    temp_dir_delete(&gen.tmp, "..data");
    gen_make_link("..data", first);
    gen_assert_pair("1");
    gen_publish("3");
    gen_assert_pair("3");
    assert_int_equal(gen_count_generations(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GEN_TEST(test_publish_over_plain_files_turns_them_into_links),
        GEN_TEST(test_publish_over_a_plain_file_beside_links_takes_it_in),
        GEN_TEST(test_dissolve_gives_plain_files_of_the_same_content),
        GEN_TEST(test_dissolve_removes_names_that_lead_nowhere),
        GEN_TEST(test_dissolve_leaves_what_is_not_ours),
        GEN_TEST(test_publish_beside_a_foreign_data_link_refuses),
        GEN_TEST(test_publish_onto_a_foreign_link_or_directory_changes_nothing),
        GEN_TEST(test_publish_of_a_path_refuses),
        GEN_TEST(test_generation_of_another_user_is_not_followed),
        GEN_TEST(test_publish_where_a_file_cannot_be_replaced_changes_nothing),
        GEN_TEST(test_publish_after_a_person_went_back_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
