/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/credential_facts.h"

#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"

static void test_both_certificates_are_described(void **state)
{
    (void)state;
    const struct fixture f = {
        .user = "bot-seven", .not_before = 1767323000, .not_after = 1767326600};
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&f);
    CLEANUP(credential_facts_release) struct credential_facts facts = {0};
    assert_ok(credential_facts_of(c, &facts));
    const struct credential_fact *x509 = &facts.of[CREDENTIAL_X509];
    assert_string_equal(x509->subject, "bot-seven");
    assert_string_equal(x509->serial, credentials_serial(c));
    assert_int_equal(x509->validity.not_before.ns, wall_of_unix(1767323000).ns);
    assert_int_equal(x509->validity.not_after.ns, wall_of_unix(1767326600).ns);
    const struct credential_fact *ssh = &facts.of[CREDENTIAL_SSH];
    assert_non_null(ssh->subject);
    assert_int_equal(ssh->validity.not_after.ns, wall_of_unix(1767326600).ns);
}

static void test_serial_of_ssh_is_decimal_and_the_key_id_its_subject(void **state)
{
    (void)state;
    const struct fixture f = {.user = "bot-seven"};
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&f);
    CLEANUP(credential_facts_release) struct credential_facts facts = {0};
    assert_ok(credential_facts_of(c, &facts));
    const struct credential_fact *ssh = &facts.of[CREDENTIAL_SSH];
    assert_int_equal(strspn(ssh->serial, "0123456789"), strlen(ssh->serial));
    assert_string_equal(ssh->subject, "bot-seven");
}

static void test_hash_is_of_what_the_file_holds(void **state)
{
    (void)state;
    char expected[SHA256_HEX_SIZE];
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&(struct fixture){0});
    CLEANUP(credential_facts_release) struct credential_facts facts = {0};
    assert_ok(credential_facts_of(c, &facts));
    assert_ok(sha256_hex(bytes_of_str(credentials_tls_pem(c)), expected));
    assert_string_equal(facts.of[CREDENTIAL_X509].sha256, expected);
    assert_ok(sha256_hex(bytes_of_str(credentials_ssh_line(c)), expected));
    assert_string_equal(facts.of[CREDENTIAL_SSH].sha256, expected);
    assert_string_equal(credential_kind_file(CREDENTIAL_X509), "tlscert");
    assert_string_equal(credential_kind_file(CREDENTIAL_SSH), "key-cert.pub");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_certificates_are_described),
        cmocka_unit_test(test_serial_of_ssh_is_decimal_and_the_key_id_its_subject),
        cmocka_unit_test(test_hash_is_of_what_the_file_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
