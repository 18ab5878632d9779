/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_journal.h"

#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SUM_LINE_LEN (strlen("sha256 ") + SHA256_HEX_SIZE)

static struct secret *encode(const struct store_journal *j)
{
    struct secret *text = NULL;
    assert_ok(store_journal_encode(j, &text));
    return text;
}

static struct secret *encode_committed(void)
{
    CLEANUP(credentials_freep)
    struct credentials *creds = fixture_credentials(&(struct fixture){.generation = 8});
    return encode(&(struct store_journal){
        .generation = 7, .started = {1234}, .base = HASH, .tokenhash = HASH, .creds = creds});
}

static void test_open_journal_when_read_again_is_the_same(void **state)
{
    (void)state;
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    struct store_journal j = {.generation = 7, .started = {1234}, .base = HASH, .key = key};
    CLEANUP(secret_freep) struct secret *text = encode(&j);
    CLEANUP(store_journal_release) struct store_journal again = {0};
    assert_ok(store_journal_decode(secret_bytes(text), &again));
    assert_int_equal(again.generation, 7);
    assert_int_equal(again.started.ns, 1234);
    assert_string_equal(again.base, HASH);
    assert_string_equal(again.tokenhash, "");
    assert_true(key_equals(again.key, key));
    assert_null(again.creds);
}

static void test_open_journal_without_key_is_read(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *text = encode(&(struct store_journal){0});
    CLEANUP(store_journal_release) struct store_journal again = {0};
    assert_ok(store_journal_decode(secret_bytes(text), &again));
    assert_null(again.key);
    assert_string_equal(again.base, "");
}

static void test_committed_journal_when_read_again_is_the_same(void **state)
{
    (void)state;
    CLEANUP(credentials_freep)
    struct credentials *creds = fixture_credentials(&(struct fixture){.generation = 8});
    struct store_journal j = {.creds = creds, .tokenhash = HASH};
    CLEANUP(secret_freep) struct secret *text = encode(&j);
    CLEANUP(store_journal_release) struct store_journal again = {0};
    assert_ok(store_journal_decode(secret_bytes(text), &again));
    assert_non_null(again.creds);
    assert_string_equal(again.tokenhash, HASH);
    assert_string_equal(credentials_tls_pem(again.creds), credentials_tls_pem(creds));
    assert_string_equal(credentials_ssh_line(again.creds), credentials_ssh_line(creds));
    assert_string_equal(credentials_tls_cas(again.creds)->items[0],
                        credentials_tls_cas(creds)->items[0]);
    assert_string_equal(credentials_ssh_cas(again.creds)->items[0],
                        credentials_ssh_cas(creds)->items[0]);
    assert_true(key_equals(credentials_key(again.creds), credentials_key(creds)));
}

static void expect_refused(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    (void)arg;
    CLEANUP(store_journal_release) struct store_journal j = {0};
    assert_fails(store_journal_decode(damaged, &j), ERR_STORAGE, "cut or damaged");
}

static void test_decode_when_cut_or_changed_anywhere_fails(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *text = encode_committed();
    inputs_truncate(secret_bytes(text), expect_refused, NULL);
    inputs_flip_bits(secret_bytes(text), 1, expect_refused, NULL);
}

/* Replaces one piece of the text and makes the sum right again: the parser itself must refuse. */
static void assert_edit_fails(const char *from, const char *to, enum err_code code)
{
    CLEANUP(secret_freep) struct secret *text = encode_committed();
    CLEANUP(buf_release) struct buf edited = BUF_INIT(STORE_JOURNAL_MAX);
    const char *at = strstr(secret_str(text), from);
    assert_non_null(at);
    size_t before = (size_t)(at - secret_str(text));
    size_t after = secret_bytes(text).len - SUM_LINE_LEN - before - strlen(from);
    char sum[SHA256_HEX_SIZE];
    assert_ok(buf_add(&edited, secret_str(text), before));
    assert_ok(buf_add_str(&edited, to));
    assert_ok(buf_add(&edited, at + strlen(from), after));
    assert_ok(sha256_hex(buf_bytes(&edited), sum));
    assert_ok(buf_printf(&edited, "sha256 %s\n", sum));
    CLEANUP(store_journal_release) struct store_journal j = {0};
    if (code == ERR_OK)
        assert_ok(store_journal_decode(buf_bytes(&edited), &j));
    else
        assert_fails(store_journal_decode(buf_bytes(&edited), &j), code, "journal");
}

static void test_decode_when_malformed_under_a_right_sum_fails(void **state)
{
    (void)state;
    assert_edit_fails("generation", "generation", ERR_OK);
    assert_edit_fails("journal 1", "journal 2", ERR_STORAGE);
    assert_edit_fails("state 9\ncommitted", "state 9\nCommitted", ERR_STORAGE);
    assert_edit_fails("state 9\ncommitted", "state 10\ncommittedX", ERR_STORAGE);
    assert_edit_fails("state 9", "state 99999999999999999999", ERR_STORAGE);
    assert_edit_fails("state 9", "state -9", ERR_STORAGE);
    assert_edit_fails("state 9", "state 8", ERR_STORAGE);
    assert_edit_fails("state 9", "status 9", ERR_STORAGE);
    assert_edit_fails("generation 1\n7", "generation 1\nx", ERR_STORAGE);
    assert_edit_fails("generation 1\n7", "generation 0\n", ERR_STORAGE);
    assert_edit_fails("generation 1\n7", "generation 20\n99999999999999999999", ERR_STORAGE);
    assert_edit_fails("base 64\n0", "base 63\n", ERR_STORAGE);
    assert_edit_fails("base 64\n0", "base 64\nG", ERR_STORAGE);
    assert_edit_fails("-----BEGIN CERT", "-----BEGIN CORT", ERR_CRYPTO);
    assert_edit_fails("-----BEGIN PRIV", "-----BEGIN PROV", ERR_CRYPTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_journal_when_read_again_is_the_same),
        cmocka_unit_test(test_open_journal_without_key_is_read),
        cmocka_unit_test(test_committed_journal_when_read_again_is_the_same),
        cmocka_unit_test(test_decode_when_cut_or_changed_anywhere_fails),
        cmocka_unit_test(test_decode_when_malformed_under_a_right_sum_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
