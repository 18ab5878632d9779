/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_look.h"

#include "identity/store.h"
#include "identity/store_files.h"
#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct store *open_store(const struct temp_dir *tmp)
{
    struct store *s = NULL;
    assert_ok(store_open(&(struct store_config){.path = tmp->path}, &s));
    return s;
}

static void commit(struct store *s, int64_t generation)
{
    CLEANUP(credentials_freep)
    struct credentials *c = fixture_credentials(&(struct fixture){.generation = generation});
    assert_ok(store_commit(s, c, HASH));
}

static void look(const struct temp_dir *tmp, struct store_look *ret)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open_as_is(tmp->path, SYMLINKS_SECURE, &d));
    assert_ok(store_look(d, ret));
}

static void test_look_at_an_empty_directory_finds_nothing(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_look_release) struct store_look l = {0};
    look(&tmp, &l);
    assert_null(l.creds);
    assert_int_equal(err_code(l.why), ERR_NOT_FOUND);
    assert_int_equal(l.recovery.kind, STORE_RECOVERY_NOTHING);
    assert_int_equal(l.holder, 0);
    assert_int_equal(temp_dir_count(&tmp), 0);
}

static void test_look_beside_who_has_it_open_sees_identity_and_holder(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_closep) struct store *s = open_store(&tmp);
    CLEANUP(store_look_release) struct store_look l = {0};
    commit(s, 3);
    look(&tmp, &l);
    assert_int_equal(l.holder, getpid());
    assert_null(l.why);
    assert_int_equal(credentials_subject(l.creds)->generation, 3);
    assert_string_equal(l.tokenhash, HASH);
}

static void test_look_at_an_open_renewal_leaves_the_journal(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, 3);
    assert_ok(store_begin_renewal(s, 3, NULL, wall_of_unix(1000)));
    store_close(s);
    CLEANUP(freep) char *before = temp_dir_read(&tmp, "renewal.journal");
    CLEANUP(store_look_release) struct store_look l = {0};
    look(&tmp, &l);
    assert_int_equal(l.recovery.kind, STORE_RECOVERY_OPEN);
    assert_int_equal(l.recovery.journal.generation, 3);
    assert_int_equal(l.holder, 0);
    assert_int_equal(credentials_subject(l.creds)->generation, 3);
    CLEANUP(freep) char *after = temp_dir_read(&tmp, "renewal.journal");
    assert_string_equal(before, after);
}

static void test_look_at_a_committed_journal_gives_its_identity(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(credentials_freep)
    struct credentials *next = fixture_credentials(&(struct fixture){.generation = 4});
    struct store_journal j = {.creds = next, .generation = 3, .tokenhash = HASH};
    CLEANUP(secret_freep) struct secret *text = NULL;
    struct store *s = open_store(&tmp);
    commit(s, 3);
    store_close(s);
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open_as_is(tmp.path, SYMLINKS_SECURE, &d));
    assert_ok(store_files_fingerprint(d, j.base));
    assert_ok(store_journal_encode(&j, &text));
    temp_dir_put(&tmp, "renewal.journal", secret_bytes(text));
    CLEANUP(store_look_release) struct store_look l = {0};
    look(&tmp, &l);
    assert_int_equal(l.recovery.kind, STORE_RECOVERY_REDO);
    assert_int_equal(credentials_subject(l.creds)->generation, 4);
    assert_true(temp_dir_has(&tmp, "renewal.journal"));
}

static void test_look_at_a_damaged_identity_says_which_file(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(&tmp);
    commit(s, 3);
    store_close(s);
    temp_dir_write(&tmp, "tlscert", "cut");
    CLEANUP(store_look_release) struct store_look l = {0};
    look(&tmp, &l);
    assert_null(l.creds);
    CLEANUP(freep) char *why = err_text(l.why);
    assert_non_null(strstr(why, "tlscert"));
    assert_int_not_equal(err_code(l.why), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_at_an_empty_directory_finds_nothing),
        cmocka_unit_test(test_look_beside_who_has_it_open_sees_identity_and_holder),
        cmocka_unit_test(test_look_at_an_open_renewal_leaves_the_journal),
        cmocka_unit_test(test_look_at_a_committed_journal_gives_its_identity),
        cmocka_unit_test(test_look_at_a_damaged_identity_says_which_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
