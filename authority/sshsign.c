/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/sshsign.h"

#include "authority/pubkey.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"

#include <openssl/ecdsa.h>

#include <stdlib.h>
#include <string.h>

#define NONCE_SIZE 32
#define USER_CERT 1

static RESULT put_text(struct buf *out, const char *text)
{
    return sshwire_put_string(out, bytes_of_str(text));
}

/* The certificate type and the key's own fields, which follow its name in the blob as they are. */
static RESULT put_public_key(const struct sshsign_cert *cert, const struct entropy *entropy,
                             struct buf *out)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *checked = NULL;
    TRY(pubkey_of_blob(cert->public_key, &checked));
    struct bytes fields = cert->public_key, name;
    TRY(sshwire_get_string(&fields, &name));
    CLEANUP(buf_release) struct buf type = BUF_INIT(256);
    TRY(buf_printf(&type, "%.*s-cert-v01@openssh.com", (int)name.len, (const char *)name.data));
    TRY(sshwire_put_string(out, buf_bytes(&type)));
    uint8_t nonce[NONCE_SIZE];
    entropy_fill(entropy, nonce, sizeof(nonce));
    TRY(sshwire_put_string(out, (struct bytes){nonce, sizeof(nonce)}));
    return buf_add(out, fields.data, fields.len);
}

static RESULT put_principals(const struct strlist *principals, struct buf *out)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT(SSHSIGN_MAX);
    for (size_t i = 0; i < principals->len; i++)
        TRY(put_text(&list, principals->items[i]));
    return sshwire_put_string(out, buf_bytes(&list));
}

static int by_name(const void *a, const void *b)
{
    const struct sshsign_extension *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static RESULT put_extension(const struct sshsign_extension *extension, struct buf *out)
{
    TRY(put_text(out, extension->name));
    if (!*extension->value)
        return put_text(out, "");
    /* The value is a string inside the data, which is a string itself. */
    CLEANUP(buf_release) struct buf data = BUF_INIT(SSHSIGN_MAX);
    TRY(put_text(&data, extension->value));
    return sshwire_put_string(out, buf_bytes(&data));
}

/* PROTOCOL.certkeys asks for the names in lexical order. */
static RESULT put_extensions(const struct sshsign_cert *cert, struct buf *out)
{
    struct sshsign_extension sorted[SSHSIGN_MAX_EXTENSIONS];
    if (cert->n_extensions > SSHSIGN_MAX_EXTENSIONS)
        return err_new(ERR_BUG, "%zu extensions in an SSH certificate", cert->n_extensions);
    for (size_t i = 0; i < cert->n_extensions; i++)
        sorted[i] = cert->extensions[i];
    qsort(sorted, cert->n_extensions, sizeof(*sorted), by_name);
    CLEANUP(buf_release) struct buf list = BUF_INIT(SSHSIGN_MAX);
    for (size_t i = 0; i < cert->n_extensions; i++)
        TRY(put_extension(&sorted[i], &list));
    return sshwire_put_string(out, buf_bytes(&list));
}

static RESULT put_body(const struct sshsign_cert *cert, const struct key *ca,
                       const struct entropy *entropy, struct buf *out)
{
    TRY(put_public_key(cert, entropy, out));
    TRY(buf_add_u64be(out, 0)); /* serial: Teleport leaves it out too */
    TRY(buf_add_u32be(out, USER_CERT));
    TRY(put_text(out, cert->key_id));
    TRY(put_principals(cert->principals, out));
    TRY(buf_add_u64be(out, (uint64_t)wall_to_unix(cert->valid_after)));
    TRY(buf_add_u64be(out, (uint64_t)wall_to_unix(cert->valid_before)));
    TRY(put_text(out, "")); /* critical options */
    TRY(put_extensions(cert, out));
    TRY(put_text(out, "")); /* reserved */
    CLEANUP(buf_release) struct buf signer = BUF_INIT(PUBKEY_MAX);
    TRY(key_public_ssh_blob(ca, &signer));
    return sshwire_put_string(out, buf_bytes(&signer));
}

struct algorithm {
    const char *name;
    const EVP_MD *digest; /* NULL: the algorithm's own */
};

static struct algorithm algorithm_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA_2048:
        return (struct algorithm){"rsa-sha2-512", EVP_sha512()};
    case KEY_ECDSA_P256:
        return (struct algorithm){"ecdsa-sha2-nistp256", EVP_sha256()};
    case KEY_ED25519:
        break;
    }
    return (struct algorithm){"ssh-ed25519", NULL};
}

/* RFC 5656 3.1.2: r and s as two mpints, where OpenSSL gives a DER sequence. */
static RESULT ecdsa_to_ssh(const unsigned char *der, size_t len, struct buf *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    if (!sig)
        return err_ossl("reading an ECDSA signature");
    struct err *e = sshwire_put_mpint(out, ECDSA_SIG_get0_r(sig));
    if (!e)
        e = sshwire_put_mpint(out, ECDSA_SIG_get0_s(sig));
    ECDSA_SIG_free(sig);
    return e;
}

static RESULT put_signature(const struct key *ca, struct buf *out)
{
    const struct algorithm algorithm = algorithm_of(key_get_kind(ca));
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char raw[1024];
    size_t len = sizeof(raw);
    if (!ctx || EVP_DigestSignInit(ctx, NULL, algorithm.digest, NULL, key_evp(ca)) <= 0 ||
        EVP_DigestSign(ctx, raw, &len, out->data, out->len) <= 0)
        return err_ossl("signing an SSH certificate");
    CLEANUP(buf_release) struct buf body = BUF_INIT(2048);
    if (key_get_kind(ca) == KEY_ECDSA_P256)
        TRY(ecdsa_to_ssh(raw, len, &body));
    else
        TRY(buf_add(&body, raw, len));
    CLEANUP(buf_release) struct buf signature = BUF_INIT(4096);
    TRY(put_text(&signature, algorithm.name));
    TRY(sshwire_put_string(&signature, buf_bytes(&body)));
    return sshwire_put_string(out, buf_bytes(&signature));
}

RESULT sshsign_user(const struct sshsign_cert *cert, const struct key *ca,
                    const struct entropy *entropy, struct buf *out)
{
    CLEANUP(buf_release) struct buf made = BUF_INIT(SSHSIGN_MAX);
    TRY(put_body(cert, ca, entropy, &made));
    TRY(put_signature(ca, &made));
    return buf_add(out, made.data, made.len);
}
