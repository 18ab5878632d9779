/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pin.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

/* Of the fixture, by: openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum. */
#define CA_PIN "sha256:634427b3fc1977cd61c60f75648793fec6e007fbd2953572ce465694a0feffbf"

static STACK_OF(X509) * the_ca(void)
{
    CLEANUP(freep) char *pem = inputs_read(PKI_FIXTURES "ca.crt");
    STACK_OF(X509) *certs = sk_X509_new_null();
    assert_ok(x509_all_from_pem(bytes_of_str(pem), certs));
    return certs;
}

static void test_parse_when_malformed_says_why(void **state)
{
    (void)state;
    struct pin pin;
    assert_fails(pin_parse("", &pin), ERR_CONFIG, "does not begin with 'sha256:'");
    assert_fails(pin_parse("sha512:00", &pin), ERR_CONFIG, "'sha512:00'");
    assert_fails(pin_parse("sha256:00", &pin), ERR_CONFIG, "64 digits");
    assert_fails(
        pin_parse("sha256:634427b3fc1977cd61c60f75648793fec6e007fbd2953572ce465694a0feffbg", &pin),
        ERR_CONFIG, "hex digits");
    assert_fails(pin_parse(CA_PIN "0", &pin), ERR_CONFIG, "64 digits");
}

static void test_format_gives_what_was_parsed(void **state)
{
    (void)state;
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    assert_ok(
        pin_parse("sha256:634427B3FC1977cd61c60f75648793fec6e007fbd2953572ce465694a0feffbf", &pin));
    assert_string_equal(pin_format(&pin, text), CA_PIN);
}

static void test_match_when_every_ca_is_pinned_succeeds(void **state)
{
    (void)state;
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = the_ca();
    X509 *second = fixture_new_ca("second.example");
    assert_true(sk_X509_push(certs, second) > 0);
    struct pin pins[2];
    assert_ok(pin_of(second, &pins[0]));
    assert_ok(pin_parse(CA_PIN, &pins[1]));
    assert_ok(pin_match(pins, 2, certs));
}

static void test_match_when_one_of_two_is_not_pinned_fails(void **state)
{
    (void)state;
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = the_ca();
    assert_true(sk_X509_push(certs, fixture_new_ca("second.example")) > 0);
    struct pin pin, other;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_parse(CA_PIN, &pin));
    assert_ok(pin_of(sk_X509_value(certs, 1), &other));
    assert_fails(pin_match(&pin, 1, certs), ERR_UNTRUSTED, pin_format(&other, text));
}

static void test_match_when_there_is_nothing_to_match_fails(void **state)
{
    (void)state;
    CLEANUP(x509_stack_freep) STACK_OF(X509) *none = sk_X509_new_null();
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = the_ca();
    struct pin pin;
    assert_ok(pin_parse(CA_PIN, &pin));
    assert_fails(pin_match(&pin, 1, none), ERR_UNTRUSTED, "no CA");
    assert_fails(pin_match(NULL, 0, certs), ERR_UNTRUSTED, CA_PIN);
    pin.sha256[31] ^= 1;
    assert_fails(pin_match(&pin, 1, certs), ERR_UNTRUSTED, CA_PIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_when_malformed_says_why),
        cmocka_unit_test(test_format_gives_what_was_parsed),
        cmocka_unit_test(test_match_when_every_ca_is_pinned_succeeds),
        cmocka_unit_test(test_match_when_one_of_two_is_not_pinned_fails),
        cmocka_unit_test(test_match_when_there_is_nothing_to_match_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
