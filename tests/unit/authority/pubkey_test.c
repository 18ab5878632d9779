/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/pubkey.h"

#include "identity/pki/key.h"
#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"

#include <openssl/pem.h>

static const enum key_kind kinds[] = {KEY_RSA_2048, KEY_ECDSA_P256, KEY_ED25519};
static struct key *keys[3];

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ok(key_generate(kinds[i], &keys[i]));
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        key_free(keys[i]);
    return 0;
}

static void test_every_form_of_a_key_is_that_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(buf_release) struct buf line = BUF_INIT(PUBKEY_MAX);
        CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
        CLEANUP(buf_release) struct buf pem = BUF_INIT(PUBKEY_MAX);
        CLEANUP(evp_pkey_freep) EVP_PKEY *of_blob = NULL;
        CLEANUP(evp_pkey_freep) EVP_PKEY *of_pem = NULL;
        CLEANUP(evp_pkey_freep) EVP_PKEY *of_der = NULL;
        CLEANUP(ossl_freep) unsigned char *der = NULL;
        assert_ok(key_public_ssh(keys[i], &line));
        assert_ok(pubkey_blob_of_line(buf_bytes(&line), &blob));
        assert_ok(pubkey_of_blob(buf_bytes(&blob), &of_blob));
        assert_int_equal(EVP_PKEY_eq(of_blob, key_evp(keys[i])), 1);
        assert_ok(key_public_pem(keys[i], &pem));
        assert_ok(pubkey_of_pem(buf_bytes(&pem), &of_pem));
        assert_int_equal(EVP_PKEY_eq(of_pem, key_evp(keys[i])), 1);
        int len = i2d_PUBKEY(key_evp(keys[i]), &der);
        assert_ok(pubkey_of_der((struct bytes){der, (size_t)len}, &of_der));
        assert_int_equal(EVP_PKEY_eq(of_der, key_evp(keys[i])), 1);
    }
}

/* Go tbot 15 puts SubjectPublicKeyInfo under the label of PKCS#1, Go tbot 17 PKCS#1. */
static void test_pem_rsa_label_holds_either_form(void **state)
{
    (void)state;
    CLEANUP(bio_freep) BIO *pkcs1 = BIO_new(BIO_s_mem());
    CLEANUP(bio_freep) BIO *pkix = BIO_new(BIO_s_mem());
    CLEANUP(ossl_freep) unsigned char *der = NULL;
    int len = i2d_PUBKEY(key_evp(keys[0]), &der);
    assert_true(PEM_write_bio(pkix, "RSA PUBLIC KEY", "", der, len) > 0);
    CLEANUP(ossl_freep) unsigned char *plain = NULL;
    len = i2d_PublicKey(key_evp(keys[0]), &plain);
    assert_true(PEM_write_bio(pkcs1, "RSA PUBLIC KEY", "", plain, len) > 0);
    BIO *const both[] = {pkcs1, pkix};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(evp_pkey_freep) EVP_PKEY *key = NULL;
        char *text = NULL;
        long n = BIO_get_mem_data(both[i], &text);
        assert_ok(pubkey_of_pem((struct bytes){(uint8_t *)text, (size_t)n}, &key));
        assert_int_equal(EVP_PKEY_eq(key, key_evp(keys[0])), 1);
    }
}

static void test_nothing_is_told_in_teleports_words(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    assert_fails(pubkey_blob_of_line(bytes_of_str(""), &blob), ERR_CRYPTO, "ssh: no key found");
    assert_fails(pubkey_blob_of_line(bytes_of_str("hello"), &blob), ERR_CRYPTO,
                 "ssh: no key found");
}

static void test_blob_cut_or_longer_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
        EVP_PKEY *key = NULL;
        assert_ok(key_public_ssh_blob(keys[i], &blob));
        for (size_t len = 0; len < blob.len; len++) {
            CLEANUP(freep) uint8_t *copy = malloc(len ? len : 1);
            memcpy(copy, blob.data, len);
            assert_fails(pubkey_of_blob((struct bytes){copy, len}, &key), ERR_CRYPTO, "");
        }
        assert_ok(buf_add_u8(&blob, 0));
        assert_fails(pubkey_of_blob(buf_bytes(&blob), &key), ERR_CRYPTO, "");
        assert_null(key);
    }
}

static void test_private_key_or_other_pem_is_refused(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *pem = NULL;
    EVP_PKEY *key = NULL;
    assert_ok(key_to_pem(keys[2], &pem));
    assert_fails(pubkey_of_pem(secret_bytes(pem), &key), ERR_CRYPTO, "cannot be a 'PRIVATE KEY'");
    assert_fails(pubkey_of_pem(bytes_of_str("x"), &key), ERR_CRYPTO, "not PEM");
    assert_fails(pubkey_of_pem(bytes_of_str(""), &key), ERR_CRYPTO, "0 bytes");
}

static void test_weak_or_foreign_keys_are_refused(void **state)
{
    (void)state;
    CLEANUP(evp_pkey_freep) EVP_PKEY *weak = EVP_RSA_gen(1024);
    CLEANUP(evp_pkey_freep) EVP_PKEY *p384 = EVP_EC_gen("P-384");
    EVP_PKEY *const foreign[] = {weak, p384};
    const char *const reasons[] = {"1024 bits", "P-256"};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(ossl_freep) unsigned char *der = NULL;
        EVP_PKEY *key = NULL;
        int len = i2d_PUBKEY(foreign[i], &der);
        assert_true(len > 0);
        assert_fails(pubkey_of_der((struct bytes){der, (size_t)len}, &key), ERR_CRYPTO, reasons[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_a_key_is_that_key),
        cmocka_unit_test(test_pem_rsa_label_holds_either_form),
        cmocka_unit_test(test_nothing_is_told_in_teleports_words),
        cmocka_unit_test(test_blob_cut_or_longer_is_refused),
        cmocka_unit_test(test_private_key_or_other_pem_is_refused),
        cmocka_unit_test(test_weak_or_foreign_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
