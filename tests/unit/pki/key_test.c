/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/key.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#include <openssl/pem.h>

#define TEXT_MAX 8192

static struct key *key_of_file(const char *path)
{
    CLEANUP(freep) char *pem = inputs_read(path);
    struct key *k = NULL;
    assert_ok(key_from_pem(bytes_of_str(pem), &k));
    return k;
}

static char *ssh_line(const struct key *k)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(TEXT_MAX);
    assert_ok(key_public_ssh(k, &line));
    return buf_take_str(&line);
}

/* The fixture's line has a comment behind the key, ours a newline. */
static void assert_line_is(const struct key *k, const char *path)
{
    CLEANUP(freep) char *theirs = inputs_read(path);
    CLEANUP(freep) char *ours = ssh_line(k);
    size_t len = strlen(ours) - 1;
    assert_int_equal(ours[len], '\n');
    assert_memory_equal(ours, theirs, len);
    assert_int_equal(theirs[len], ' ');
}

static void test_from_pem_of_ssh_keygen_gives_its_public_line(void **state)
{
    (void)state;
    CLEANUP(key_freep) struct key *rsa = key_of_file(PKI_FIXTURES "rsa.pem");
    CLEANUP(key_freep) struct key *pkcs8 = key_of_file(PKI_FIXTURES "rsa-pkcs8.pem");
    CLEANUP(key_freep) struct key *ec = key_of_file(PKI_FIXTURES "ec.pem");
    assert_int_equal(key_get_kind(rsa), KEY_RSA_2048);
    assert_int_equal(key_get_kind(ec), KEY_ECDSA_P256);
    assert_line_is(rsa, PKI_FIXTURES "rsa.pub");
    assert_line_is(pkcs8, PKI_FIXTURES "rsa.pub");
    assert_line_is(ec, PKI_FIXTURES "ec.pub");
    assert_true(key_equals(rsa, pkcs8));
    assert_false(key_equals(rsa, ec));
}

/* RFC 8032 7.1, test 1, in the PKCS#8 form of RFC 8410. */
static void test_ed25519_of_rfc8032_gives_its_public_key(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    static const uint8_t public_key[] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    };
    CLEANUP(key_freep) struct key *k = NULL;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(TEXT_MAX);
    CLEANUP(secret_freep) struct secret *again = NULL;
    assert_ok(key_from_pem(bytes_of_str(pem), &k));
    assert_int_equal(key_get_kind(k), KEY_ED25519);
    assert_ok(key_public_ssh_blob(k, &blob));
    assert_int_equal(blob.len, 4 + strlen("ssh-ed25519") + 4 + sizeof(public_key));
    assert_memory_equal(blob.data + blob.len - sizeof(public_key), public_key, sizeof(public_key));
    assert_ok(key_to_pem(k, &again));
    assert_string_equal(secret_str(again), pem);
}

static void check_round_trip(enum key_kind kind, const char *label)
{
    CLEANUP(key_freep) struct key *k = fixture_key(kind);
    CLEANUP(key_freep) struct key *again = NULL;
    CLEANUP(secret_freep) struct secret *pem = NULL;
    CLEANUP(buf_release) struct buf public_pem = BUF_INIT(TEXT_MAX);
    assert_int_equal(key_get_kind(k), kind);
    assert_ok(key_to_pem(k, &pem));
    assert_memory_equal(secret_str(pem), label, strlen(label));
    assert_ok(key_from_pem(secret_bytes(pem), &again));
    assert_int_equal(key_get_kind(again), kind);
    assert_true(key_equals(k, again));
    assert_ok(key_public_pem(k, &public_pem));
    assert_memory_equal(buf_str(&public_pem), "-----BEGIN PUBLIC KEY-----\n", 27);
}

static void test_to_pem_when_read_again_gives_the_same_key(void **state)
{
    (void)state;
    check_round_trip(KEY_RSA_2048, "-----BEGIN RSA PRIVATE KEY-----\n");
    check_round_trip(KEY_ECDSA_P256, "-----BEGIN PRIVATE KEY-----\n");
    check_round_trip(KEY_ED25519, "-----BEGIN PRIVATE KEY-----\n");
}

static void assert_refused(const char *pem, const char *part)
{
    struct key *k = NULL;
    assert_fails(key_from_pem(bytes_of_str(pem), &k), ERR_CRYPTO, part);
    assert_null(k);
}

static void test_from_pem_when_not_usable_says_why(void **state)
{
    (void)state;
    CLEANUP(freep) char *old_form = inputs_read(PKI_FIXTURES "rsa-encrypted.pem");
    CLEANUP(freep) char *new_form = inputs_read(PKI_FIXTURES "ec-encrypted.pem");
    CLEANUP(freep) char *cert = inputs_read(PKI_FIXTURES "ca.crt");
    assert_refused("", "empty");
    assert_refused("hello\n", "no PEM private key");
    assert_refused(old_form, "encrypted");
    assert_refused(new_form, "encrypted");
    assert_refused(cert, "'CERTIFICATE' where a private key should be");
}

/* Takes `evp` over. */
static void assert_kind_refused(EVP_PKEY *evp, const char *part)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = evp;
    CLEANUP(bio_freep) BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct key *k = NULL;
    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    struct bytes pem = {.len = (size_t)BIO_get_mem_data(out, &text)};
    pem.data = (const uint8_t *)text;
    assert_fails(key_from_pem(pem, &k), ERR_CRYPTO, part);
    assert_null(k);
}

static void test_from_pem_when_of_another_size_or_curve_refuses(void **state)
{
    (void)state;
    assert_kind_refused(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), "1024 bits");
    assert_kind_refused(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), "'secp384r1'");
    assert_kind_refused(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "not supported");
}

static void expect_cut(struct bytes damaged, size_t len, void *arg)
{
    const size_t *whole = arg;
    struct key *k = NULL;
    struct err *e = key_from_pem(damaged, &k);
    if (len + 1 == *whole) /* only the last newline is missing */
        assert_ok(e);
    else
        assert_fails(e, ERR_CRYPTO, "");
    key_free(k);
}

static void test_from_pem_when_cut_anywhere_fails(void **state)
{
    (void)state;
    CLEANUP(freep) char *ec = inputs_read(PKI_FIXTURES "ec.pem");
    CLEANUP(freep) char *rsa = inputs_read(PKI_FIXTURES "rsa.pem");
    CLEANUP(freep) char *pkcs8 = inputs_read(PKI_FIXTURES "rsa-pkcs8.pem");
    size_t len = strlen(ec);
    inputs_truncate(bytes_of_str(ec), expect_cut, &len);
    len = strlen(rsa);
    inputs_truncate(bytes_of_str(rsa), expect_cut, &len);
    len = strlen(pkcs8);
    inputs_truncate(bytes_of_str(pkcs8), expect_cut, &len);
}

/* A flipped bit may go unnoticed only where the key stays the same or the signature stays right. */
static void expect_refused_or_usable(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    CLEANUP(key_freep) struct key *k = NULL;
    unsigned *refused = arg;
    struct err *e = key_from_pem(damaged, &k);
    if (e) {
        assert_int_equal(err_code(e), ERR_CRYPTO);
        assert_null(k);
        (*refused)++;
    } else {
        assert_non_null(k);
    }
    err_free(e);
}

static void test_from_pem_when_damaged_refuses_the_key(void **state)
{
    (void)state;
    CLEANUP(freep) char *ec = inputs_read(PKI_FIXTURES "ec.pem");
    CLEANUP(freep) char *rsa = inputs_read(PKI_FIXTURES "rsa.pem");
    unsigned refused = 0;
    inputs_flip_bits(bytes_of_str(ec), 1, expect_refused_or_usable, &refused);
    assert_true(refused > 8 * strlen(ec) * 9 / 10);
    inputs_flip_bits(bytes_of_str(rsa), 29, expect_refused_or_usable, &refused);
}

static void test_suite_when_unknown_is_legacy(void **state)
{
    (void)state;
    assert_int_equal(suite_parse("balanced-v1"), SUITE_BALANCED_V1);
    assert_int_equal(suite_parse("fips-v1"), SUITE_FIPS_V1);
    assert_int_equal(suite_parse("hsm-v1"), SUITE_HSM_V1);
    assert_int_equal(suite_parse("of-tomorrow"), SUITE_LEGACY);
    assert_int_equal(suite_parse(NULL), SUITE_LEGACY);
    assert_int_equal(suite_of_number(0), SUITE_LEGACY);
    assert_int_equal(suite_of_number(4), SUITE_HSM_V1);
    assert_int_equal(suite_of_number(5), SUITE_LEGACY);
    assert_int_equal(suite_of_number(-1), SUITE_LEGACY);
    assert_string_equal(suite_name(SUITE_LEGACY), "legacy");
    assert_int_equal(suite_identity_key(SUITE_LEGACY), KEY_RSA_2048);
    assert_int_equal(suite_identity_key(SUITE_HSM_V1), KEY_ECDSA_P256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_pem_of_ssh_keygen_gives_its_public_line),
        cmocka_unit_test(test_ed25519_of_rfc8032_gives_its_public_key),
        cmocka_unit_test(test_to_pem_when_read_again_gives_the_same_key),
        cmocka_unit_test(test_from_pem_when_not_usable_says_why),
        cmocka_unit_test(test_from_pem_when_of_another_size_or_curve_refuses),
        cmocka_unit_test(test_from_pem_when_cut_anywhere_fails),
        cmocka_unit_test(test_from_pem_when_damaged_refuses_the_key),
        cmocka_unit_test(test_suite_when_unknown_is_legacy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
