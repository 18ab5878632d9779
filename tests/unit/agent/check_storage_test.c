/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/check_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOW_S 1767323045

static void check_at(struct check_fixture *f, char *path)
{
    struct config config = {.storage = {.type = CONFIG_DESTINATION_DIRECTORY, .path = path}};
    check_storage(&f->check, &config);
}

static struct store *open_store(const struct temp_dir *tmp)
{
    struct store *s = NULL;
    assert_ok(store_open(&(struct store_config){.path = tmp->path}, &s));
    return s;
}

static void commit(struct store *s, const struct fixture *f)
{
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(f);
    assert_ok(store_commit(s, c, HASH));
}

static void test_empty_storage_is_good_and_needs_a_token(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    check_at(f, tmp.path);
    expect_all_well(f);
    expect(f, "storage", CHECK_OK, "can be used, mode 0700");
    expect(f, "identity", CHECK_OK, "none is stored");
    assert_true(f->check.needs_token);
    assert_int_equal(temp_dir_count(&tmp), 0);
}

static void test_missing_storage_would_be_made(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    char path[128];
    snprintf(path, sizeof(path), "%s/a/b", tmp.path);
    check_at(f, path);
    expect_all_well(f);
    expect(f, "storage", CHECK_OK, "will be made");
    assert_true(f->check.needs_token);
    assert_int_equal(temp_dir_count(&tmp), 0);
}

static void test_storage_that_is_a_file_fails(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    char path[128];
    temp_dir_write(&tmp, "file", "");
    snprintf(path, sizeof(path), "%s/file", tmp.path);
    check_at(f, path);
    expect(f, "storage", CHECK_FAILED, "Not a directory");
    assert_non_null(find(f, "identity", CHECK_NOT_TRIED, ""));
}

static void test_modes_that_let_others_in_warn(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    assert_int_equal(chmod(tmp.path, 0755), 0);
    check_at(f, tmp.path);
    expect_all_well(f);
    assert_int_equal(chmod(tmp.path, 0770), 0);
    check_at(f, tmp.path);
    expect(f, "storage", CHECK_WARNING, "mode 0770");
}

static void test_storage_of_somebody_else_warns(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    if (chown(tmp.path, 65534, (gid_t)-1) != 0)
        skip();
    check_at(f, tmp.path);
    expect(f, "storage", CHECK_WARNING, "belongs to user 65534");
}

static void test_storage_that_is_not_ours_to_write_fails(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    assert_int_equal(chmod(tmp.path, 0555), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    check_at(f, tmp.path);
    assert_int_equal(seteuid(getuid()), 0);
    assert_int_equal(chmod(tmp.path, 0700), 0);
    expect(f, "storage", CHECK_FAILED, "Permission denied");
}

static void test_valid_identity_needs_no_token(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){.generation = 7});
    store_close(s);
    check_at(f, tmp.path);
    expect_all_well(f);
    expect(f, "identity", CHECK_OK, "generation 7, valid until 2096-10-02T07:06:40Z");
    assert_false(f->check.needs_token);
    assert_non_null(f->check.stored);
    assert_string_equal(f->check.tokenhash, HASH);
}

static void test_expired_identity_warns_and_needs_a_token(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){.not_after = NOW_S - 1});
    store_close(s);
    check_at(f, tmp.path);
    expect(f, "identity", CHECK_WARNING, "expired at 2026-01-02T03:04:04Z");
    assert_true(f->check.needs_token);
    assert_null(f->check.stored);
}

static void test_identity_of_the_future_warns_of_the_clock(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){.not_before = NOW_S + 3600});
    store_close(s);
    check_at(f, tmp.path);
    assert_non_null(strstr(expect(f, "identity", CHECK_WARNING, "in the future")->hint, "clock"));
}

static void test_damaged_identity_fails(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){0});
    store_close(s);
    temp_dir_write(&tmp, "key", "no key");
    check_at(f, tmp.path);
    expect(f, "identity", CHECK_FAILED, "/key");
}

static void test_storage_in_use_is_no_failure(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_closep) struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){.generation = 1});
    assert_ok(store_begin_renewal(s, 1, NULL, wall_of_unix(NOW_S)));
    check_at(f, tmp.path);
    expect_all_well(f);
    expect(f, "storage", CHECK_OK, "in use by a running agent");
    expect(f, "journal", CHECK_OK, "is renewing");
}

static void test_interrupted_renewal_warns(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, &(struct fixture){.generation = 4});
    assert_ok(store_begin_renewal(s, 4, NULL, wall_of_unix(NOW_S)));
    store_close(s);
    check_at(f, tmp.path);
    expect(f, "journal", CHECK_WARNING, "generation 4");
    assert_int_equal(f->check.failed, 0);
    assert_true(temp_dir_has(&tmp, "renewal.journal"));
}

static void test_damaged_journal_warns(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    temp_dir_write(&tmp, "renewal.journal", "torn");
    check_at(f, tmp.path);
    expect(f, "journal", CHECK_WARNING, "cut or damaged");
}

static void test_memory_joins_at_every_start(void **state)
{
    struct check_fixture *f = *state;
    struct config config = {.storage = {.type = CONFIG_DESTINATION_MEMORY}};
    check_storage(&f->check, &config);
    expect(f, "storage", CHECK_OK, "every start joins");
    assert_true(f->check.needs_token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(test_empty_storage_is_good_and_needs_a_token),
        CHECK_TEST(test_missing_storage_would_be_made),
        CHECK_TEST(test_storage_that_is_a_file_fails),
        CHECK_TEST(test_modes_that_let_others_in_warn),
        CHECK_TEST(test_storage_of_somebody_else_warns),
        CHECK_TEST(test_storage_that_is_not_ours_to_write_fails),
        CHECK_TEST(test_valid_identity_needs_no_token),
        CHECK_TEST(test_expired_identity_warns_and_needs_a_token),
        CHECK_TEST(test_identity_of_the_future_warns_of_the_clock),
        CHECK_TEST(test_damaged_identity_fails),
        CHECK_TEST(test_storage_in_use_is_no_failure),
        CHECK_TEST(test_interrupted_renewal_warns),
        CHECK_TEST(test_damaged_journal_warns),
        CHECK_TEST(test_memory_joins_at_every_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
