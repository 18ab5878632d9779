/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/sshsign.h"

#include "authority/pubkey.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

#include <openssl/ecdsa.h>

static struct key *keys[3]; /* of every kind */

static int make_keys(void **state)
{
    (void)state;
    assert_ok(key_generate(KEY_RSA_2048, &keys[0]));
    assert_ok(key_generate(KEY_ECDSA_P256, &keys[1]));
    assert_ok(key_generate(KEY_ED25519, &keys[2]));
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        key_free(keys[i]);
    return 0;
}

/* Signs with `ca` and reads it back; the certificate is also left in `blob`. */
static struct sshcert *sign(const struct key *ca, const struct key *subject, struct buf *blob)
{
    CLEANUP(buf_release) struct buf public_key = BUF_INIT(PUBKEY_MAX);
    char *names[] = {(char[]){"-teleport-nologin"}, (char[]){"root"}};
    const struct strlist principals = {names, 2};
    const struct sshsign_extension extensions[] = {
        {"zebra", "last"}, {"permit-pty", ""}, {"generation", "7"}};
    struct fake_entropy dice;
    struct sshcert *read = NULL;
    fake_entropy_init(&dice, 5);
    assert_ok(key_public_ssh_blob(subject, &public_key));
    const struct sshsign_cert cert = {.public_key = buf_bytes(&public_key),
                                      .key_id = "bot-a",
                                      .principals = &principals,
                                      .valid_after = wall_of_unix(1000),
                                      .valid_before = wall_of_unix(2000),
                                      .extensions = extensions,
                                      .n_extensions = 3};
    assert_ok(sshsign_user(&cert, ca, &dice.entropy, blob));
    assert_ok(sshcert_from_blob(buf_bytes(blob), &read));
    return read;
}

/* r and s back into the DER that OpenSSL verifies. */
static void ecdsa_to_der(struct bytes pair, struct buf *out)
{
    struct bytes r, s;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;
    assert_ok(sshwire_get_string(&pair, &r));
    assert_ok(sshwire_get_string(&pair, &s));
    ECDSA_SIG_set0(sig, BN_bin2bn(r.data, (int)r.len, NULL), BN_bin2bn(s.data, (int)s.len, NULL));
    int len = i2d_ECDSA_SIG(sig, &der);
    assert_ok(buf_add(out, der, (size_t)len));
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
}

/* The signature is the last string of the blob and covers all before it. */
static bool signature_holds(const struct buf *blob, const struct key *ca, const char *algorithm)
{
    CLEANUP(buf_release) struct buf raw = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf public_key = BUF_INIT(PUBKEY_MAX);
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct bytes name, value;
    /* Behind the CA's key, whose place is found by looking for it. */
    assert_ok(key_public_ssh_blob(ca, &public_key));
    const uint8_t *at = memmem(blob->data, blob->len, public_key.data, public_key.len);
    assert_non_null(at);
    size_t signed_len = (size_t)(at - blob->data) + public_key.len;
    struct bytes rest = {blob->data + signed_len, blob->len - signed_len}, signature;
    assert_ok(sshwire_get_string(&rest, &signature));
    assert_int_equal(rest.len, 0);
    assert_ok(sshwire_get_string(&signature, &name));
    assert_true(sshwire_bytes_are(name, algorithm));
    assert_ok(sshwire_get_string(&signature, &value));
    if (key_get_kind(ca) == KEY_ECDSA_P256)
        ecdsa_to_der(value, &raw);
    else
        assert_ok(buf_add(&raw, value.data, value.len));
    const EVP_MD *digest = key_get_kind(ca) == KEY_RSA_2048     ? EVP_sha512()
                           : key_get_kind(ca) == KEY_ECDSA_P256 ? EVP_sha256()
                                                                : NULL;
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key_evp(ca)), 1);
    return EVP_DigestVerify(ctx, raw.data, raw.len, blob->data, signed_len) == 1;
}

static void test_sign_with_every_kind_for_every_kind_verifies(void **state)
{
    (void)state;
    const char *const algorithms[] = {"rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519"};
    for (size_t ca = 0; ca < 3; ca++) {
        for (size_t subject = 0; subject < 3; subject++) {
            CLEANUP(buf_release) struct buf blob = BUF_INIT(SSHSIGN_MAX);
            CLEANUP(buf_release) struct buf want = BUF_INIT(PUBKEY_MAX);
            CLEANUP(buf_release) struct buf got = BUF_INIT(PUBKEY_MAX);
            CLEANUP(sshcert_freep) struct sshcert *c = sign(keys[ca], keys[subject], &blob);
            assert_true(signature_holds(&blob, keys[ca], algorithms[ca]));
            assert_ok(sshcert_public_blob(c, &got));
            assert_ok(key_public_ssh_blob(keys[subject], &want));
            assert_int_equal(got.len, want.len);
            assert_memory_equal(got.data, want.data, want.len);
            blob.data[40] ^= 1; /* in the nonce or behind it: signed, whatever it is */
            assert_false(signature_holds(&blob, keys[ca], algorithms[ca]));
        }
    }
}

static void test_sign_writes_what_it_was_given(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(SSHSIGN_MAX);
    CLEANUP(sshcert_freep) struct sshcert *c = sign(keys[2], keys[1], &blob);
    assert_int_equal(c->kind, SSHCERT_USER);
    assert_string_equal(c->key_id, "bot-a");
    assert_int_equal(c->principals.len, 2);
    assert_string_equal(c->principals.items[1], "root");
    assert_int_equal(wall_to_unix(c->valid_after), 1000);
    assert_int_equal(wall_to_unix(c->valid_before), 2000);
    assert_int_equal(c->critical.names.len, 0);
    /* In lexical order: the reader refuses any other. */
    assert_string_equal(c->extensions.names.items[0], "generation");
    assert_string_equal(sshcert_option(&c->extensions, "generation"), "7");
    assert_string_equal(sshcert_option(&c->extensions, "permit-pty"), "");
    assert_string_equal(sshcert_option(&c->extensions, "zebra"), "last");
}

static void test_sign_damaged_key_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf public_key = BUF_INIT(PUBKEY_MAX);
    CLEANUP(buf_release) struct buf out = BUF_INIT(SSHSIGN_MAX);
    struct fake_entropy dice;
    const struct strlist none = {0};
    fake_entropy_init(&dice, 5);
    assert_ok(key_public_ssh_blob(keys[1], &public_key));
    public_key.len--;
    const struct sshsign_cert cert = {
        .public_key = buf_bytes(&public_key), .key_id = "x", .principals = &none};
    assert_fails(sshsign_user(&cert, keys[2], &dice.entropy, &out), ERR_CRYPTO, "public key");
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_with_every_kind_for_every_kind_verifies),
        cmocka_unit_test(test_sign_writes_what_it_was_given),
        cmocka_unit_test(test_sign_damaged_key_is_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
