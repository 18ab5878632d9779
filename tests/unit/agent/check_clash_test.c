/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/check_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#define OUTPUTS_MAX 3

static struct temp_dir tmp;

/* As if one directory were mounted on both of two paths. */
static bool is_mounted_twice;
int __real_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret)
{
    int result = __real_stat(path, ret);
    if (is_mounted_twice)
        ret->st_ino = 7;
    return result;
}

static int set_up(void **state)
{
    is_mounted_twice = false;
    tmp = temp_dir_make();
    assert_int_equal(mkdir(temp_dir_join(&tmp, "store"), 0700), 0);
    assert_int_equal(mkdir(temp_dir_join(&tmp, "out"), 0700), 0);
    assert_int_equal(symlink("store", temp_dir_join(&tmp, "to-store")), 0);
    assert_int_equal(symlink("out", temp_dir_join(&tmp, "to-out")), 0);
    return check_set_up(state);
}

static int tear_down(void **state)
{
    temp_dir_remove(&tmp);
    return check_tear_down(state);
}

/* Paths below the test's directory, the last one followed by NULL. */
static void check(struct check_fixture *f, const char *storage, const char *const outputs[])
{
    static char names[OUTPUTS_MAX][8] = {"one", "two", "three"};
    struct config_service services[OUTPUTS_MAX] = {0};
    struct config config = {.services = services};
    assert_ok(config_destination_set(&config.storage, temp_dir_join(&tmp, storage)));
    for (size_t i = 0; outputs[i]; i++, config.n_services = i) {
        services[i].name = names[i];
        assert_ok(
            config_destination_set(&services[i].destination, temp_dir_join(&tmp, outputs[i])));
    }
    f->len = 0;
    check_clash(&f->check, &config);
    config_destination_release(&config.storage);
    for (size_t i = 0; i < config.n_services; i++)
        config_destination_release(&services[i].destination);
}

static void test_places_apart_do_not_clash(void **state)
{
    struct check_fixture *f = *state;
    check(f, "store", (const char *[]){"out", "storehouse", "new/store", NULL});
    assert_int_equal(f->len, 0);
}

static void test_output_that_is_the_storage_by_another_way_fails(void **state)
{
    struct check_fixture *f = *state;
    static const char *const ways[] = {"to-store", "out/../store", "store/", "./to-store/."};
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        check(f, "store", (const char *[]){ways[i], NULL});
        expect(f, "clash", CHECK_FAILED, "bot's own storage");
    }
}

static void test_directory_that_is_mounted_twice_is_one(void **state)
{
    struct check_fixture *f = *state;
    is_mounted_twice = true;
    check(f, "store", (const char *[]){"out", NULL});
    expect(f, "clash", CHECK_FAILED, "bot's own storage");
    check(f, "store", (const char *[]){"new", NULL});
    assert_int_equal(f->len, 0);
}

static void test_output_inside_the_storage_and_the_reverse_warn(void **state)
{
    struct check_fixture *f = *state;
    check(f, "store", (const char *[]){"to-store/sub/dir", NULL});
    expect(f, "clash", CHECK_WARNING, "is inside the bot's own storage");
    check(f, "out/deep/store", (const char *[]){"to-out", NULL});
    expect(f, "clash", CHECK_WARNING, "the bot's own storage");
    assert_int_equal(f->check.failed, 0);
}

static void test_outputs_that_are_one_directory_warn(void **state)
{
    struct check_fixture *f = *state;
    check(f, "store", (const char *[]){"out", "to-out", NULL});
    const struct finding *x = expect(f, "clash", CHECK_WARNING, "of 'one'");
    assert_string_equal(x->subject, "two");
}

static void test_missing_places_are_compared_by_what_is_there_of_them(void **state)
{
    struct check_fixture *f = *state;
    check(f, "store", (const char *[]){"out/new/a", "to-out/new/a", NULL});
    expect(f, "clash", CHECK_WARNING, "overwrite each other's files");
}

/* Reading the configuration has said so. */
static void test_places_written_alike_are_not_told_twice(void **state)
{
    struct check_fixture *f = *state;
    check(f, "store", (const char *[]){"out", "out", NULL});
    assert_int_equal(f->len, 0);
}

static void test_memory_and_what_cannot_be_followed_clash_with_nothing(void **state)
{
    struct check_fixture *f = *state;
    temp_dir_write(&tmp, "file", "");
    check(f, "file/store", (const char *[]){"file/out", "out", NULL});
    assert_int_equal(f->len, 0);
    char service[] = "one";
    struct config_service services[] = {
        {.name = service, .destination = {.type = CONFIG_DESTINATION_MEMORY}}};
    struct config config = {
        .storage = {.type = CONFIG_DESTINATION_MEMORY}, .services = services, .n_services = 1};
    check_clash(&f->check, &config);
    assert_int_equal(f->len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_places_apart_do_not_clash),
        TEST(test_output_that_is_the_storage_by_another_way_fails),
        TEST(test_directory_that_is_mounted_twice_is_one),
        TEST(test_output_inside_the_storage_and_the_reverse_warn),
        TEST(test_outputs_that_are_one_directory_warn),
        TEST(test_missing_places_are_compared_by_what_is_there_of_them),
        TEST(test_places_written_alike_are_not_told_twice),
        TEST(test_memory_and_what_cannot_be_followed_clash_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
