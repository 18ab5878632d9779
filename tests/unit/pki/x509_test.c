/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/x509.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#define MAX 65536

static X509 *cert_of_file(const char *path)
{
    CLEANUP(freep) char *pem = inputs_read(path);
    X509 *cert = NULL;
    assert_ok(x509_from_pem(bytes_of_str(pem), &cert));
    return cert;
}

static void test_certificate_of_openssl_is_read(void **state)
{
    (void)state;
    CLEANUP(x509_freep) X509 *cert = cert_of_file(PKI_FIXTURES "ca.crt");
    CLEANUP(freep) char *file = inputs_read(PKI_FIXTURES "ca.crt");
    CLEANUP(freep) char *again = fixture_pem(cert);
    CLEANUP(freep) char *serial = NULL;
    CLEANUP(strlist_release) struct strlist values = {0};
    struct wall from, until;
    char text[RFC3339_SIZE];
    assert_string_equal(file, again);
    assert_ok(x509_serial_hex(cert, &serial));
    assert_string_equal(serial, "5d8a2eeaa06b746f8811ef8ac8218e0b6b44df56");
    assert_ok(x509_validity(cert, &from, &until));
    assert_string_equal(wall_format(from, false, text), "2026-11-21T08:21:41Z");
    assert_string_equal(wall_format(until, false, text), "2095-05-03T08:21:41Z");
    assert_ok(x509_name_values(X509_get_subject_name(cert), OID_ORGANIZATION, &values));
    assert_int_equal(values.len, 1);
    assert_string_equal(values.items[0], "ca.example");
}

static void test_name_values_gives_all_of_an_attribute(void **state)
{
    (void)state;
    static const char *const attributes[] = {OID_ORGANIZATION, "second", OID_BOT_NAME, "b\xc3\xbc",
                                             NULL};
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    CLEANUP(x509_freep)
    X509 *cert = fixture_cert(&(struct fixture){.key = key, .attributes = attributes});
    const X509_NAME *name = X509_get_subject_name(cert);
    CLEANUP(strlist_release) struct strlist roles = {0};
    CLEANUP(strlist_release) struct strlist bot = {0};
    CLEANUP(strlist_release) struct strlist none = {0};
    assert_ok(x509_name_values(name, OID_ORGANIZATION, &roles));
    assert_int_equal(roles.len, 2);
    assert_string_equal(roles.items[1], "second");
    assert_ok(x509_name_values(name, OID_BOT_NAME, &bot));
    assert_string_equal(bot.items[0], "b\xc3\xbc");
    assert_ok(x509_name_values(name, OID_BOT_INSTANCE, &none));
    assert_int_equal(none.len, 0);
}

static void test_name_values_with_a_nul_byte_fails(void **state)
{
    (void)state;
    CLEANUP(x509_freep) X509 *cert = X509_new();
    CLEANUP(strlist_release) struct strlist values = {0};
    X509_NAME *name = X509_get_subject_name(cert);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", V_ASN1_UTF8STRING,
                                                (const unsigned char *)"admin\0x", 7, -1, 0),
                     1);
    assert_fails(x509_name_values(name, OID_ORGANIZATION, &values), ERR_CRYPTO, "NUL");
}

static void test_check_time_when_outside_names_the_bound(void **state)
{
    (void)state;
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    struct fixture f = {.key = key, .not_before = 1000, .not_after = 2000};
    CLEANUP(x509_freep) X509 *cert = fixture_cert(&f);
    assert_ok(x509_check_time(cert, wall_of_unix(1000)));
    assert_ok(x509_check_time(cert, wall_of_unix(1999)));
    assert_fails(x509_check_time(cert, wall_of_unix(2000)), ERR_EXPIRED,
                 "expired since '1970-01-01T00:33:20Z'");
    CLEANUP(err_freep) struct err *e = x509_check_time(cert, wall_of_unix(999));
    assert_int_equal(err_code(e), ERR_EXPIRED);
    assert_non_null(strstr(err_hint(e), "clock"));
}

static void test_validity_of_the_year_9999_saturates(void **state)
{
    (void)state;
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    CLEANUP(x509_freep)
    X509 *cert = fixture_cert(&(struct fixture){.key = key, .not_after = 253402300799});
    struct wall from, until;
    assert_ok(x509_validity(cert, &from, &until));
    assert_int_equal(until.ns, WALL_NEVER.ns);
}

static void test_all_from_pem_reads_several_with_text_between(void **state)
{
    (void)state;
    CLEANUP(freep) char *one = fixture_ca_pem();
    CLEANUP(freep) char *two = inputs_read(PKI_FIXTURES "ca.crt");
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX);
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    CLEANUP(x509_freep) X509 *single = NULL;
    assert_ok(buf_printf(&text, "# first\n%s\nsecond\n=====\n%s# end\n", one, two));
    assert_ok(x509_all_from_pem(buf_bytes(&text), certs));
    assert_int_equal(sk_X509_num(certs), 2);
    assert_fails(x509_from_pem(buf_bytes(&text), &single), ERR_CRYPTO, "2 certificates where one");
}

static void test_all_from_pem_when_not_certificates_fails(void **state)
{
    (void)state;
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    CLEANUP(freep) char *key = inputs_read(PKI_FIXTURES "rsa.pem");
    assert_fails(x509_all_from_pem(bytes_of_str(""), certs), ERR_CRYPTO, "empty");
    assert_fails(x509_all_from_pem(bytes_of_str("text"), certs), ERR_CRYPTO, "no PEM certificate");
    assert_fails(x509_all_from_pem(bytes_of_str(key), certs), ERR_CRYPTO, "'RSA PRIVATE KEY'");
    assert_int_equal(sk_X509_num(certs), 0);
}

static void test_all_from_pem_when_too_many_fails(void **state)
{
    (void)state;
    CLEANUP(freep) char *pem = fixture_ca_pem();
    CLEANUP(buf_release) struct buf text = BUF_INIT(X509_PEM_MAX + 1);
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    for (int i = 0; i <= X509_CERTS_MAX; i++)
        assert_ok(buf_add_str(&text, pem));
    assert_fails(x509_all_from_pem(buf_bytes(&text), certs), ERR_CRYPTO, "more than 256");
    struct bytes huge = {(const uint8_t *)pem, X509_PEM_MAX + 1};
    assert_fails(x509_all_from_pem(huge, certs), ERR_CRYPTO, "more than 1048576");
}

static void expect_cut(struct bytes damaged, size_t len, void *arg)
{
    const size_t *whole = arg;
    CLEANUP(x509_freep) X509 *cert = NULL;
    struct err *e = x509_from_pem(damaged, &cert);
    if (len + 1 == *whole) /* only the last newline is missing */
        assert_ok(e);
    else
        assert_fails(e, ERR_CRYPTO, "");
}

static void expect_clean(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    unsigned *refused = arg;
    CLEANUP(x509_freep) X509 *cert = NULL;
    struct err *e = x509_from_pem(damaged, &cert);
    assert_true(e ? err_code(e) == ERR_CRYPTO && !cert : cert != NULL);
    *refused += e ? 1 : 0;
    err_free(e);
}

static void test_from_pem_when_damaged_anywhere_fails_cleanly(void **state)
{
    (void)state;
    static const char *const attributes[] = {OID_RENEWABLE, "true", OID_GENERATION, "7", NULL};
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    CLEANUP(freep)
    char *pem = fixture_tls_pem(&(struct fixture){.key = key, .attributes = attributes});
    size_t len = strlen(pem);
    unsigned refused = 0;
    inputs_truncate(bytes_of_str(pem), expect_cut, &len);
    inputs_flip_bits(bytes_of_str(pem), 1, expect_clean, &refused);
    assert_true(refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_of_openssl_is_read),
        cmocka_unit_test(test_name_values_gives_all_of_an_attribute),
        cmocka_unit_test(test_name_values_with_a_nul_byte_fails),
        cmocka_unit_test(test_check_time_when_outside_names_the_bound),
        cmocka_unit_test(test_validity_of_the_year_9999_saturates),
        cmocka_unit_test(test_all_from_pem_reads_several_with_text_between),
        cmocka_unit_test(test_all_from_pem_when_not_certificates_fails),
        cmocka_unit_test(test_all_from_pem_when_too_many_fails),
        cmocka_unit_test(test_from_pem_when_damaged_anywhere_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
