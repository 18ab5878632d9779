/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store.h"

#include "identity/store_files.h"
#include "identity/store_journal.h"
#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>
#include <sys/stat.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FLAT_FILES                                                                                 \
    ".write-test key key-cert.pub key.pub lock sshcacerts tlscacerts tlscert tokenhash"

static struct store *open_store(const char *path)
{
    struct store *s = NULL;
    assert_ok(store_open(&(struct store_config){.path = path}, &s));
    return s;
}

/* An identity of generation `n`, issued in the hour of that number. */
static struct credentials *identity(int64_t n)
{
    return fixture_credentials(&(struct fixture){
        .generation = n,
        .not_before = FIXTURE_NOT_BEFORE + 3600 * n,
    });
}

static int64_t stored_generation(struct store *s)
{
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_load(s, &c, tokenhash));
    return credentials_subject(c)->generation;
}

static void commit(struct store *s, int64_t generation)
{
    CLEANUP(credentials_freep) struct credentials *c = identity(generation);
    assert_ok(store_commit(s, c, HASH));
}

static void begin(struct store *s, int64_t generation)
{
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    assert_ok(store_begin_renewal(s, generation, key, wall_of_unix(1000)));
}

/* Whether a note holds `part`; the notes are gone then. */
static bool has_note(struct store *s, const char *part)
{
    CLEANUP(strlist_release) struct strlist notes = {0};
    store_take_notes(s, &notes);
    for (size_t i = 0; i < notes.len; i++) {
        if (strstr(notes.items[i], part))
            return true;
    }
    return false;
}

static void put_journal(struct temp_dir *tmp, const struct store_journal *j)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    assert_ok(store_journal_encode(j, &text));
    temp_dir_put(tmp, "renewal.journal", secret_bytes(text));
}

static void assert_files(struct temp_dir *tmp, const char *expected)
{
    CLEANUP(freep) char *list = temp_dir_list(tmp);
    assert_string_equal(list, expected);
}

static void test_load_of_an_empty_directory_finds_none(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_closep) struct store *s = open_store(tmp.path);
    struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_fails(store_load(s, &c, tokenhash), ERR_NOT_FOUND, tmp.path);
    assert_null(store_open_renewal(s));
}

static void test_check_room_really_writes_and_leaves_only_the_write_test(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_closep) struct store *s = open_store(tmp.path);
    assert_ok(store_check_room(s));
    assert_files(&tmp, ".write-test lock");
    temp_dir_delete(&tmp, ".write-test");
    CLEANUP(freep) char *below = NULL;
    assert_true(asprintf(&below, "%s/.write-test", tmp.path) > 0);
    assert_int_equal(mkdir(below, 0700), 0);
    assert_fails(store_check_room(s), ERR_STORAGE, tmp.path);
    assert_int_equal(rmdir(below), 0);
}

static void test_open_when_missing_creates_only_when_asked(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(freep) char *below = NULL;
    assert_true(asprintf(&below, "%s/storage", tmp.path) > 0);
    struct store *s = NULL;
    assert_fails(store_open(&(struct store_config){.path = below}, &s), ERR_NOT_FOUND, below);
    assert_ok(store_open(&(struct store_config){.path = below, .create = true}, &s));
    assert_int_equal(temp_dir_mode(&tmp, "storage"), 0700);
    store_close(s);
    temp_dir_delete(&tmp, "storage/lock");
    assert_int_equal(rmdir(below), 0);
}

static void test_open_twice_is_busy_until_closed(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *first = open_store(tmp.path), *second = NULL;
    CLEANUP(err_freep)
    struct err *e = store_open(&(struct store_config){.path = tmp.path}, &second);
    assert_int_equal(err_code(e), ERR_BUSY);
    assert_non_null(strstr(err_hint(e), "Another tbot"));
    store_close(first);
    store_close(open_store(tmp.path));
}

static void test_renewal_leaves_the_new_identity_and_no_journal(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(tmp.path);
    commit(s, 1);
    begin(s, 1);
    assert_true(temp_dir_has(&tmp, "renewal.journal"));
    assert_int_equal(temp_dir_mode(&tmp, "renewal.journal"), 0600);
    assert_int_equal(store_open_renewal(s)->generation, 1);
    commit(s, 2);
    assert_null(store_open_renewal(s));
    assert_true(store_is_settled(s));
    store_close(s);
    assert_files(&tmp, FLAT_FILES);
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_load(again, &c, tokenhash));
    assert_int_equal(credentials_subject(c)->generation, 2);
    assert_string_equal(tokenhash, HASH);
    assert_false(has_note(again, ""));
}

static void test_stop_within_a_renewal_leaves_it_open(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    struct store *s = open_store(tmp.path);
    commit(s, 4);
    assert_ok(store_begin_renewal(s, 4, key, wall_of_unix(1000)));
    store_close(s);
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    const struct store_renewal *r = store_open_renewal(again);
    assert_non_null(r);
    assert_int_equal(r->generation, 4);
    assert_true(key_equals(r->key, key));
    assert_int_equal(wall_to_unix(r->started), 1000);
    assert_false(r->is_damaged);
    assert_int_equal(stored_generation(again), 4);
    assert_ok(store_abort_renewal(again));
    assert_null(store_open_renewal(again));
    assert_ok(store_abort_renewal(again));
    assert_files(&tmp, FLAT_FILES);
}

static void test_renewal_that_keeps_the_key_and_first_join_may_be_open(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(tmp.path);
    assert_ok(store_begin_renewal(s, 0, NULL, wall_of_unix(1000)));
    store_close(s);
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    assert_non_null(store_open_renewal(again));
    assert_null(store_open_renewal(again)->key);
    commit(again, 1);
    assert_null(store_open_renewal(again));
}

static void test_commit_with_a_bad_tokenhash_is_refused(void **state)
{
    (void)state;
    CLEANUP(store_closep) struct store *s = NULL;
    CLEANUP(credentials_freep) struct credentials *c = identity(1);
    assert_ok(store_open_memory(&s));
    assert_fails(store_commit(s, c, "secret-token"), ERR_BUG, "not the hash");
    assert_ok(store_commit(s, c, ""));
}

static void test_committed_journal_is_completed_at_open(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(credentials_freep) struct credentials *next = identity(2);
    struct store *s = open_store(tmp.path);
    commit(s, 1);
    store_close(s);
    CLEANUP(dir_closep) struct dir *d = NULL;
    struct store_journal j = {.creds = next, .generation = 1, .tokenhash = HASH};
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &d));
    assert_ok(store_files_fingerprint(d, j.base));
    put_journal(&tmp, &j);
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    assert_int_equal(stored_generation(again), 2);
    assert_true(has_note(again, "completing it"));
    assert_true(store_is_settled(again));
    CLEANUP(freep) char *list = temp_dir_list(&tmp);
    assert_null(strstr(list, "journal"));
}

/* The flat files hold the old identity's key and the new one's certificates: Go could not load it. */
static void test_committed_journal_heals_half_written_files(void **state)
{
    (void)state;
    static const char *const names[] = {"key", "tlscert", "key-cert.pub", "tlscacerts"};
    CLEANUP(credentials_freep) struct credentials *next = identity(2);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
        struct store *s = open_store(tmp.path);
        commit(s, 1);
        store_close(s);
        put_journal(&tmp, &(struct store_journal){.creds = next, .base = HASH});
        temp_dir_put(&tmp, names[i], bytes_of_str("half"));
        CLEANUP(store_closep) struct store *again = open_store(tmp.path);
        assert_int_equal(stored_generation(again), 2);
        assert_false(temp_dir_has(&tmp, "renewal.journal"));
    }
}

/*
 * With the key kept, the half-written files belong together by it: only the journal knows that the
 * SSH certificate beside the new TLS certificate is the old one.
 */
static void test_committed_journal_with_the_same_key_replaces_every_file(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    CLEANUP(credentials_freep)
    struct credentials *old = fixture_credentials(&(struct fixture){.generation = 1, .key = key});
    CLEANUP(credentials_freep)
    struct credentials *next = fixture_credentials(
        &(struct fixture){.generation = 2, .key = key, .not_after = FIXTURE_NOT_AFTER + 60});
    struct store *s = open_store(tmp.path);
    assert_ok(store_commit(s, old, HASH));
    store_close(s);
    put_journal(&tmp, &(struct store_journal){.creds = next, .base = HASH});
    temp_dir_put(&tmp, "tlscert", bytes_of_str(credentials_tls_pem(next)));
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    CLEANUP(freep) char *ssh = temp_dir_read(&tmp, "key-cert.pub");
    assert_string_equal(ssh, credentials_ssh_line(next));
    assert_false(has_note(again, "another tbot"));
}

/* Journal, and flat files of another program: `flat` and `journal` are (generation, hour of issue). */
static int64_t resolve(int64_t flat, int64_t flat_hour, int64_t journal, int64_t journal_hour)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct fixture theirs = {.generation = flat, .not_before = 1700000000 + 3600 * flat_hour};
    struct fixture ours = {.generation = journal, .not_before = 1700000000 + 3600 * journal_hour};
    CLEANUP(credentials_freep) struct credentials *in_files = fixture_credentials(&theirs);
    CLEANUP(credentials_freep) struct credentials *in_journal = fixture_credentials(&ours);
    struct store *s = open_store(tmp.path);
    assert_ok(store_commit(s, in_files, HASH));
    store_close(s);
    put_journal(&tmp, &(struct store_journal){.creds = in_journal, .base = HASH});
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    assert_false(temp_dir_has(&tmp, "renewal.journal"));
    return stored_generation(again);
}

static void test_committed_journal_when_the_files_moved_on_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(resolve(9, 9, 8, 8), 9); /* renewed since */
    assert_int_equal(resolve(1, 9, 8, 8), 1); /* joined anew since */
    assert_int_equal(resolve(7, 7, 8, 8), 8); /* an older copy was put back */
    assert_int_equal(resolve(9, 8, 8, 8), 9); /* in the same second generations decide */
    assert_int_equal(resolve(7, 8, 8, 8), 8);
    assert_int_equal(resolve(8, 8, 8, 8), 8);
}

static void test_open_journal_when_the_files_moved_on_is_dropped(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(tmp.path);
    commit(s, 1);
    begin(s, 1);
    CLEANUP(freep) char *journal = temp_dir_read(&tmp, "renewal.journal");
    commit(s, 2);
    store_close(s);
    temp_dir_put(&tmp, "renewal.journal", bytes_of_str(journal));
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    assert_null(store_open_renewal(again));
    assert_true(has_note(again, "another tbot"));
    assert_int_equal(stored_generation(again), 2);
    assert_files(&tmp, FLAT_FILES);
}

static void test_open_journal_when_the_files_are_damaged_stays(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(tmp.path);
    commit(s, 1);
    begin(s, 1);
    store_close(s);
    temp_dir_put(&tmp, "tlscert", bytes_of_str("damaged"));
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    assert_int_equal(store_open_renewal(again)->generation, 1);
}

static void test_damaged_journal_counts_as_open(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_store(tmp.path);
    commit(s, 5);
    store_close(s);
    temp_dir_put(&tmp, "renewal.journal", bytes_of_str("tbot renewal journal 1\nstate 4\nop"));
    CLEANUP(store_closep) struct store *again = open_store(tmp.path);
    const struct store_renewal *r = store_open_renewal(again);
    assert_non_null(r);
    assert_true(r->is_damaged);
    assert_int_equal(r->generation, 5);
    assert_null(r->key);
    assert_true(has_note(again, "cut or damaged"));
    assert_int_equal(stored_generation(again), 5);
    assert_true(temp_dir_has(&tmp, "renewal.journal"));
}

static void test_memory_keeps_the_identity_until_closed(void **state)
{
    (void)state;
    CLEANUP(store_closep) struct store *s = NULL;
    struct credentials *none = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_open_memory(&s));
    assert_string_equal(store_name(s), "memory");
    assert_fails(store_load(s, &none, tokenhash), ERR_NOT_FOUND, "memory");
    begin(s, 0);
    assert_non_null(store_open_renewal(s));
    commit(s, 1);
    assert_null(store_open_renewal(s));
    assert_int_equal(stored_generation(s), 1);
    begin(s, 1);
    assert_ok(store_abort_renewal(s));
    assert_null(store_open_renewal(s));
    commit(s, 2);
    assert_int_equal(stored_generation(s), 2);
    assert_true(store_is_settled(s));
    assert_ok(store_settle(s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_of_an_empty_directory_finds_none),
        cmocka_unit_test(test_check_room_really_writes_and_leaves_only_the_write_test),
        cmocka_unit_test(test_open_when_missing_creates_only_when_asked),
        cmocka_unit_test(test_open_twice_is_busy_until_closed),
        cmocka_unit_test(test_renewal_leaves_the_new_identity_and_no_journal),
        cmocka_unit_test(test_stop_within_a_renewal_leaves_it_open),
        cmocka_unit_test(test_renewal_that_keeps_the_key_and_first_join_may_be_open),
        cmocka_unit_test(test_commit_with_a_bad_tokenhash_is_refused),
        cmocka_unit_test(test_committed_journal_is_completed_at_open),
        cmocka_unit_test(test_committed_journal_heals_half_written_files),
        cmocka_unit_test(test_committed_journal_with_the_same_key_replaces_every_file),
        cmocka_unit_test(test_committed_journal_when_the_files_moved_on_is_dropped),
        cmocka_unit_test(test_open_journal_when_the_files_moved_on_is_dropped),
        cmocka_unit_test(test_open_journal_when_the_files_are_damaged_stays),
        cmocka_unit_test(test_damaged_journal_counts_as_open),
        cmocka_unit_test(test_memory_keeps_the_identity_until_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
