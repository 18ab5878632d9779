/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/unit/base/tls_fixture.h"

#include <openssl/x509v3.h>

#define SPIFFE "spiffe://example.org/ns/prod/sa/prometheus"
#define LONGER "spiffe://example.org/ns/prod/sa/prometheus/x"

static struct identity issue(const char *name, const char *san)
{
    return identity_make(
        &(struct identity_spec){name, san, NULL, "20250101000000Z", "20260201000000Z", false});
}

static void assert_names(const char *cn, const char *san, const char *name, bool wanted)
{
    struct identity id = issue(cn, san);
    if (x509_is_made_out_to(id.cert, name) != wanted)
        fail_msg("CN=%s, %s: '%s'", cn, san ? san : "no others", name);
    identity_release(&id);
}

static void test_names_of_the_three_kinds_are_found(void **state)
{
    (void)state;
    static const char san[] = "DNS:a.example,DNS:b.example,URI:https://x,URI:" SPIFFE;
    assert_names("prometheus", NULL, "prometheus", true);
    assert_names("prometheus", san, "prometheus", true);
    assert_names("prometheus", san, "b.example", true);
    assert_names("prometheus", san, SPIFFE, true);
}

static void test_nothing_but_the_whole_name_will_do(void **state)
{
    (void)state;
    static const char san[] =
        "DNS:*.example,DNS:b.example,URI:" SPIFFE ",email:a@b.example,IP:10.0.0.1";
    static const char *const wrong[] = {
        "prometheu", "prometheus2", "Prometheus", "",
        "a.example", "example",     "b.example.", "a@b.example",
        "10.0.0.1",  "*",           LONGER,       "spiffe://example.org/ns/prod"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_names("prometheus", san, wrong[i], false);
}

static void test_a_subject_is_known_by_what_is_no_dns_name(void **state)
{
    (void)state;
    struct identity id = issue("prometheus", "DNS:b.example,URI:" SPIFFE);
    assert_true(x509_is_of_subject(id.cert, "prometheus"));
    assert_true(x509_is_of_subject(id.cert, SPIFFE));
    assert_false(x509_is_of_subject(id.cert, "b.example"));
    identity_release(&id);
}

/* Who may choose one kind of name must not pass for another. */
static void test_a_uri_is_looked_for_among_uris_only(void **state)
{
    (void)state;
    assert_names(SPIFFE, NULL, SPIFFE, false);
    assert_names("x", "DNS:" SPIFFE, SPIFFE, false);
    assert_names("x", "URI:prometheus", "prometheus", false);
}

static void test_a_name_with_a_nul_byte_is_not_what_stands_before_it(void **state)
{
    (void)state;
    static const unsigned char cn[] = "prometheus\0.evil";
    CLEANUP(x509_freep) X509 *cert = X509_new();
    assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName,
                                                V_ASN1_UTF8STRING, cn, sizeof(cn) - 1, -1, 0),
                     1);
    assert_false(x509_is_made_out_to(cert, "prometheus"));
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, cn, sizeof(cn) - 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, name);
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT),
                     1);
    GENERAL_NAMES_free(names);
    assert_false(x509_is_made_out_to(cert, "prometheus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_three_kinds_are_found),
        cmocka_unit_test(test_nothing_but_the_whole_name_will_do),
        cmocka_unit_test(test_a_subject_is_known_by_what_is_no_dns_name),
        cmocka_unit_test(test_a_uri_is_looked_for_among_uris_only),
        cmocka_unit_test(test_a_name_with_a_nul_byte_is_not_what_stands_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
