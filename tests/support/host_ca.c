/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/host_ca.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>

static void add_name(X509_NAME *name, const char *field, const char *value)
{
    assert_int_equal(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                                (const unsigned char *)value, -1, -1, 0),
                     1);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static X509 *begin(const struct key *key, int64_t not_after)
{
    X509 *cert = X509_new();
    uint64_t serial = 0;
    assert_int_equal(RAND_bytes((unsigned char *)&serial, sizeof(serial)), 1);
    assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial), 1);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), FIXTURE_NOT_BEFORE));
    assert_non_null(
        ASN1_TIME_set(X509_getm_notAfter(cert), not_after ? not_after : FIXTURE_NOT_AFTER));
    assert_int_equal(X509_set_pubkey(cert, key_evp(key)), 1);
    return cert;
}

void host_ca_init(struct host_ca *ca, const char *cluster)
{
    ca->key = fixture_key(KEY_ECDSA_P256);
    ca->cert = begin(ca->key, 0);
    add_name(X509_get_subject_name(ca->cert), "O", cluster);
    add_name(X509_get_subject_name(ca->cert), "CN", "host CA");
    assert_int_equal(X509_set_issuer_name(ca->cert, X509_get_subject_name(ca->cert)), 1);
    add_extension(ca->cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(ca->cert, key_evp(ca->key), EVP_sha256()) > 0);
}

void host_ca_release(struct host_ca *ca)
{
    X509_free(ca->cert);
    key_free(ca->key);
    *ca = (struct host_ca){0};
}

X509 *host_ca_issue(const struct host_ca *ca, const struct key *key, const char *alt_names,
                    int64_t not_after)
{
    X509 *cert = begin(key, not_after);
    add_name(X509_get_subject_name(cert), "CN", "a server");
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)), 1);
    add_extension(cert, NID_subject_alt_name, alt_names);
    add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth");
    assert_true(X509_sign(cert, key_evp(ca->key), EVP_sha256()) > 0);
    return cert;
}

struct credentials *host_ca_bot(const struct host_ca *ca, const char *user)
{
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    CLEANUP(freep) char *ssh = fixture_ssh_ca_line();
    CLEANUP(credentials_freep)
    struct credentials *own = fixture_credentials(&(struct fixture){.user = user, .generation = 1});
    const struct strlist tls_cas = {.items = &pem, .len = 1};
    const struct strlist ssh_cas = {.items = &ssh, .len = 1};
    struct credentials *c = NULL;
    assert_ok(credentials_with_cas(own, &tls_cas, &ssh_cas, &c));
    return c;
}

char *host_ca_pem(const struct host_ca *ca)
{
    return fixture_pem(ca->cert);
}
