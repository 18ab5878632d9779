/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture.h"

#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"

#include <inttypes.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define ED25519_SIGNATURE_LEN 64
#define BLOB_MAX 65536

static void add_attribute(X509_NAME *name, const char *oid, const char *value)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    assert_non_null(object);
    /* set = 0: a relative name of its own for each. */
    assert_int_equal(X509_NAME_add_entry_by_OBJ(name, object, V_ASN1_UTF8STRING,
                                                (const unsigned char *)value, -1, -1, 0),
                     1);
    ASN1_OBJECT_free(object);
}

static X509 *unsigned_cert(EVP_PKEY *key, int64_t not_before, int64_t not_after)
{
    X509 *cert = X509_new();
    static unsigned char count;
    unsigned char serial[16] = {0x5a}; /* of the length Teleport's have */
    serial[sizeof(serial) - 1] = ++count;
    BIGNUM *n = BN_bin2bn(serial, sizeof(serial), NULL);
    assert_non_null(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)));
    BN_free(n);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), not_before));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), not_after));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    return cert;
}

static void sign(X509 *cert, EVP_PKEY *key)
{
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    assert_true(X509_sign(cert, key, digest) > 0);
}

static X509 *make_ca(const char *name, EVP_PKEY *key)
{
    X509 *cert = unsigned_cert(key, FIXTURE_NOT_BEFORE, FIXTURE_NOT_AFTER);
    X509_NAME *subject = X509_get_subject_name(cert);
    add_attribute(subject, OID_ORGANIZATION, name);
    add_attribute(subject, OID_COMMON_NAME, name);
    assert_int_equal(X509_set_issuer_name(cert, subject), 1);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    assert_int_equal(X509_add_ext(cert, ca, -1), 1);
    X509_EXTENSION_free(ca);
    sign(cert, key);
    return cert;
}

struct key *fixture_key(enum key_kind kind)
{
    struct key *k = NULL;
    assert_ok(key_generate(kind, &k));
    return k;
}

X509 *fixture_new_ca(const char *name)
{
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    return make_ca(name, key_evp(key));
}

/* The CA's two keys and its certificate, made when first asked for. */
static struct {
    struct key *tls;
    struct key *ssh;
    X509 *cert;
} ca;

static void free_ca(void)
{
    key_free(ca.tls);
    key_free(ca.ssh);
    X509_free(ca.cert);
}

static void need_ca(void)
{
    if (ca.cert)
        return;
    ca.tls = fixture_key(KEY_ECDSA_P256);
    ca.ssh = fixture_key(KEY_ED25519);
    ca.cert = make_ca(FIXTURE_CLUSTER, key_evp(ca.tls));
    assert_int_equal(atexit(free_ca), 0);
}

char *fixture_pem(const X509 *cert)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(BLOB_MAX);
    assert_ok(x509_to_pem(cert, &text));
    return buf_take_str(&text);
}

char *fixture_ca_pem(void)
{
    need_ca();
    return fixture_pem(ca.cert);
}

char *fixture_ssh_ca_line(void)
{
    need_ca();
    CLEANUP(buf_release) struct buf text = BUF_INIT(BLOB_MAX);
    assert_ok(key_public_ssh(ca.ssh, &text));
    return buf_take_str(&text);
}

static int64_t not_before(const struct fixture *f)
{
    return f->not_before ? f->not_before : FIXTURE_NOT_BEFORE;
}

static int64_t not_after(const struct fixture *f)
{
    return f->not_after ? f->not_after : FIXTURE_NOT_AFTER;
}

static const char *user(const struct fixture *f)
{
    return f->user ? f->user : "bot-test";
}

X509 *fixture_cert(const struct fixture *f)
{
    need_ca();
    char generation[24];
    snprintf(generation, sizeof(generation), "%" PRId64, f->generation);
    X509 *cert = unsigned_cert(key_evp(f->key), not_before(f), not_after(f));
    X509_NAME *subject = X509_get_subject_name(cert);
    add_attribute(subject, OID_COMMON_NAME, user(f));
    add_attribute(subject, OID_ORGANIZATION, user(f));
    add_attribute(subject, OID_LOCALITY, "-teleport-internal-join");
    if (f->generation) {
        add_attribute(subject, OID_RENEWABLE, "true");
        add_attribute(subject, OID_GENERATION, generation);
    }
    for (const char *const *at = f->attributes; at && *at; at += 2)
        add_attribute(subject, at[0], at[1]);
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(ca.cert)), 1);
    sign(cert, key_evp(ca.tls));
    return cert;
}

char *fixture_tls_pem(const struct fixture *f)
{
    CLEANUP(x509_freep) X509 *cert = fixture_cert(f);
    return fixture_pem(cert);
}

static void put_str(struct buf *out, const char *s)
{
    assert_ok(sshwire_put_string(out, bytes_of_str(s)));
}

static void put_list(struct buf *out, const char *const *items)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT(BLOB_MAX);
    for (; *items; items++)
        put_str(&list, *items);
    assert_ok(sshwire_put_string(out, buf_bytes(&list)));
}

static void put_value(struct buf *out, const char *name, const char *value)
{
    CLEANUP(buf_release) struct buf inner = BUF_INIT(BLOB_MAX);
    put_str(out, name);
    put_str(&inner, value);
    assert_ok(sshwire_put_string(out, buf_bytes(&inner)));
}

void fixture_ssh_body(const struct fixture *f, struct buf *out)
{
    static const char *const principals[] = {"-teleport-nologin-1", "-teleport-internal-join",
                                             NULL};
    CLEANUP(buf_release) struct buf extensions = BUF_INIT(BLOB_MAX);
    put_str(&extensions, "permit-port-forwarding");
    put_str(&extensions, "");
    put_value(&extensions, "teleport-roles", "{\"version\":\"v1\",\"roles\":[\"bot-test\"]}");
    put_value(&extensions, "teleport-route-to-cluster", FIXTURE_CLUSTER);

    assert_ok(buf_add_u64be(out, 42));
    assert_ok(buf_add_u32be(out, SSHCERT_USER));
    put_str(out, user(f));
    put_list(out, principals);
    assert_ok(buf_add_u64be(out, (uint64_t)not_before(f)));
    assert_ok(buf_add_u64be(out, (uint64_t)not_after(f)));
    put_str(out, ""); /* critical options */
    assert_ok(sshwire_put_string(out, buf_bytes(&extensions)));
    put_str(out, ""); /* reserved */
}

static void put_signature(struct buf *out)
{
    CLEANUP(buf_release) struct buf signature = BUF_INIT(BLOB_MAX);
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char raw[ED25519_SIGNATURE_LEN];
    size_t len = sizeof(raw);
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key_evp(ca.ssh), NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, raw, &len, out->data, out->len), 1);
    put_str(&signature, "ssh-ed25519");
    assert_ok(sshwire_put_string(&signature, (struct bytes){raw, len}));
    assert_ok(sshwire_put_string(out, buf_bytes(&signature)));
}

void fixture_ssh_blob(const char *type, struct bytes key_fields, struct bytes body, struct buf *out)
{
    need_ca();
    CLEANUP(buf_release) struct buf ca_blob = BUF_INIT(BLOB_MAX);
    assert_ok(key_public_ssh_blob(ca.ssh, &ca_blob));
    put_str(out, type);
    put_str(out, "a nonce of 32 bytes, hardly fresh");
    assert_ok(buf_add(out, key_fields.data, key_fields.len));
    assert_ok(buf_add(out, body.data, body.len));
    assert_ok(sshwire_put_string(out, buf_bytes(&ca_blob)));
    put_signature(out);
}

static const char *cert_type(const struct key *k)
{
    static const char *const types[] = {
        [KEY_RSA_2048] = "ssh-rsa-cert-v01@openssh.com",
        [KEY_ECDSA_P256] = "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        [KEY_ED25519] = "ssh-ed25519-cert-v01@openssh.com",
    };
    return types[key_get_kind(k)];
}

char *fixture_ssh_line(const struct fixture *f)
{
    CLEANUP(buf_release) struct buf plain = BUF_INIT(BLOB_MAX);
    CLEANUP(buf_release) struct buf body = BUF_INIT(BLOB_MAX);
    CLEANUP(buf_release) struct buf blob = BUF_INIT(BLOB_MAX);
    CLEANUP(buf_release) struct buf line = BUF_INIT(BLOB_MAX);
    assert_ok(key_public_ssh_blob(f->key, &plain));
    struct bytes fields = buf_bytes(&plain), type = {0};
    assert_ok(sshwire_get_string(&fields, &type));
    fixture_ssh_body(f, &body);
    fixture_ssh_blob(cert_type(f->key), fields, buf_bytes(&body), &blob);
    assert_ok(sshwire_format_line(buf_bytes(&blob), &line));
    return buf_take_str(&line);
}

struct credentials *fixture_credentials(const struct fixture *f)
{
    CLEANUP(key_freep) struct key *key = f->key ? key_ref(f->key) : fixture_key(KEY_ECDSA_P256);
    struct fixture with_key = *f;
    with_key.key = key;
    CLEANUP(freep) char *tls = fixture_tls_pem(&with_key);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&with_key);
    CLEANUP(freep) char *ca_pem = fixture_ca_pem();
    CLEANUP(freep) char *ca_line = fixture_ssh_ca_line();
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    assert_ok(strlist_add(&tls_cas, ca_pem));
    assert_ok(strlist_add(&ssh_cas, ca_line));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = bytes_of_str(tls),
        .ssh_cert = bytes_of_str(ssh),
        .tls_cas = &tls_cas,
        .ssh_cas = &ssh_cas,
    };
    struct credentials *c = NULL;
    assert_ok(credentials_new(&parts, &c));
    return c;
}
