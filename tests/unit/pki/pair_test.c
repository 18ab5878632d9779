/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pair.h"

#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#include <openssl/pem.h>

static char *key_pem(EVP_PKEY *key)
{
    CLEANUP(bio_freep) BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    long len = BIO_get_mem_data(out, &text);
    return strndup(text, (size_t)len);
}

/* A certificate over `key`, signed by it, which is all that matters here. */
static char *cert_pem(EVP_PKEY *key)
{
    CLEANUP(x509_freep) X509 *cert = X509_new();
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), FIXTURE_NOT_BEFORE));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), FIXTURE_NOT_AFTER));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return fixture_pem(cert);
}

static void test_keys_of_every_kind_are_read(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {EVP_RSA_gen(3072), EVP_EC_gen("P-384"), EVP_EC_gen("P-256")};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        CLEANUP(evp_pkey_freep) EVP_PKEY *key = keys[i];
        CLEANUP(freep) char *certs = cert_pem(key);
        CLEANUP(freep) char *text = key_pem(key);
        CLEANUP(pair_release) struct pair p = {0};
        assert_ok(pair_from_pem(bytes_of_str(certs), bytes_of_str(text), &p));
        assert_int_equal(X509_check_private_key(p.cert, p.key), 1);
        assert_int_equal(sk_X509_num(p.chain), 0);
    }
}

static void test_leaf_comes_first_and_the_rest_is_its_chain(void **state)
{
    (void)state;
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(freep) char *leaf = cert_pem(key);
    CLEANUP(freep) char *ca = fixture_ca_pem();
    CLEANUP(freep) char *text = key_pem(key);
    CLEANUP(buf_release) struct buf all = BUF_INIT(65536);
    CLEANUP(pair_release) struct pair p = {0};
    assert_ok(buf_printf(&all, "%s%s", leaf, ca));
    assert_ok(pair_from_pem(buf_bytes(&all), bytes_of_str(text), &p));
    assert_int_equal(sk_X509_num(p.chain), 1);
    buf_clear(&all);
    assert_ok(buf_printf(&all, "%s%s", ca, leaf));
    struct pair none = {0};
    assert_fails(pair_from_pem(buf_bytes(&all), bytes_of_str(text), &none), ERR_CRYPTO,
                 "not that of the certificate of '");
}

/* As `openssl ecparam -genkey` writes it. */
static void test_parameters_before_an_ec_key_are_skipped(void **state)
{
    (void)state;
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(freep) char *cert = cert_pem(key);
    CLEANUP(freep) char *text = key_pem(key);
    CLEANUP(buf_release) struct buf both = BUF_INIT(65536);
    CLEANUP(pair_release) struct pair p = {0};
    assert_ok(buf_printf(&both,
                         "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                         "-----END EC PARAMETERS-----\n%s",
                         text));
    assert_ok(pair_from_pem(bytes_of_str(cert), buf_bytes(&both), &p));
}

static void test_what_cannot_be_used_is_named(void **state)
{
    (void)state;
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(freep) char *cert = cert_pem(key);
    CLEANUP(freep) char *text = key_pem(key);
    CLEANUP(freep) char *encrypted = inputs_read(PKI_FIXTURES "ec-encrypted.pem");
    struct pair p = {0};
    assert_fails(pair_from_pem(bytes_of_str(text), bytes_of_str(text), &p), ERR_CRYPTO,
                 "'PRIVATE KEY' where a certificate should be");
    assert_fails(pair_from_pem(bytes_of_str(cert), bytes_of_str(cert), &p), ERR_CRYPTO,
                 "'CERTIFICATE' where a private key should be");
    assert_fails(pair_from_pem(bytes_of_str(cert), bytes_of_str(encrypted), &p), ERR_CRYPTO,
                 "encrypted");
    assert_fails(pair_from_pem(bytes_of_str(cert), bytes_of_str(""), &p), ERR_CRYPTO, "empty");
    assert_null(p.cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_every_kind_are_read),
        cmocka_unit_test(test_leaf_comes_first_and_the_rest_is_its_chain),
        cmocka_unit_test(test_parameters_before_an_ec_key_are_skipped),
        cmocka_unit_test(test_what_cannot_be_used_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
