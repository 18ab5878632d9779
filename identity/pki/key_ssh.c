/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/key.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"

#include <openssl/core_names.h>

/* An uncompressed point of P-256 (SEC 1, 2.3.3): 4, x, y. */
#define P256_POINT_LEN 65
#define ED25519_LEN 32
#define BLOB_MAX 1024

static RESULT add_bn_param(const struct key *k, const char *param, struct buf *out)
{
    CLEANUP(bn_freep) BIGNUM *n = NULL;
    if (EVP_PKEY_get_bn_param(key_evp(k), param, &n) != 1)
        return err_ossl("reading the public key");
    return sshwire_put_mpint(out, n);
}

static RESULT add_rsa(const struct key *k, struct buf *out)
{
    TRY(sshwire_put_string(out, bytes_of_str("ssh-rsa")));
    TRY(add_bn_param(k, OSSL_PKEY_PARAM_RSA_E, out));
    return add_bn_param(k, OSSL_PKEY_PARAM_RSA_N, out);
}

static RESULT add_p256(const struct key *k, struct buf *out)
{
    uint8_t point[P256_POINT_LEN];
    size_t len = 0;
    if (EVP_PKEY_get_octet_string_param(key_evp(k), OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                        &len) != 1)
        return err_ossl("reading the public key");
    if (len != P256_POINT_LEN || point[0] != POINT_CONVERSION_UNCOMPRESSED)
        return err_new(ERR_CRYPTO, "the key's public point is compressed, SSH cannot use it");
    TRY(sshwire_put_string(out, bytes_of_str("ecdsa-sha2-nistp256")));
    TRY(sshwire_put_string(out, bytes_of_str("nistp256")));
    return sshwire_put_string(out, (struct bytes){point, len});
}

static RESULT add_ed25519(const struct key *k, struct buf *out)
{
    uint8_t raw[ED25519_LEN];
    size_t len = sizeof(raw);
    if (EVP_PKEY_get_raw_public_key(key_evp(k), raw, &len) != 1)
        return err_ossl("reading the public key");
    TRY(sshwire_put_string(out, bytes_of_str("ssh-ed25519")));
    return sshwire_put_string(out, (struct bytes){raw, len});
}

RESULT key_public_ssh_blob(const struct key *k, struct buf *out)
{
    switch (key_get_kind(k)) {
    case KEY_RSA_2048:
        return add_rsa(k, out);
    case KEY_ECDSA_P256:
        return add_p256(k, out);
    case KEY_ED25519:
        return add_ed25519(k, out);
    }
    return err_new(ERR_BUG, "a key of unknown kind");
}

RESULT key_public_ssh(const struct key *k, struct buf *out)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(BLOB_MAX);
    TRY(key_public_ssh_blob(k, &blob));
    return sshwire_format_line(buf_bytes(&blob), out);
}
