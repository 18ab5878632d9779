/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/sshwire.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"

#define MAX 65536

static void assert_mpint(const char *hex, const void *wire, size_t len)
{
    BIGNUM *raw = NULL;
    assert_true(BN_hex2bn(&raw, hex) > 0);
    CLEANUP(bn_freep) BIGNUM *n = raw;
    CLEANUP(buf_release) struct buf out = BUF_INIT(MAX);
    assert_ok(sshwire_put_mpint(&out, n));
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, wire, len);
}

/* The examples of RFC 4251 5, but for the negative ones. */
static void test_put_mpint_writes_the_examples_of_the_rfc(void **state)
{
    (void)state;
    assert_mpint("0", "\0\0\0\0", 4);
    assert_mpint("9a378f9b2e332a7", "\0\0\0\x08\x09\xa3\x78\xf9\xb2\xe3\x32\xa7", 12);
    assert_mpint("80", "\0\0\0\x02\0\x80", 6);
}

static void test_get_string_when_longer_than_the_input_fails(void **state)
{
    (void)state;
    struct bytes in = {(const uint8_t *)"\0\0\0\4abc", 7}, s = {0};
    assert_fails(sshwire_get_string(&in, &s), ERR_CRYPTO, "cut short");
    assert_int_equal(in.len, 7);
    in = (struct bytes){(const uint8_t *)"\xff\xff\xff\xff", 4};
    assert_fails(sshwire_get_string(&in, &s), ERR_CRYPTO, "4294967295");
    in = (struct bytes){(const uint8_t *)"\0\0\0\3abcd", 8};
    assert_ok(sshwire_get_string(&in, &s));
    assert_true(sshwire_bytes_are(s, "abc"));
    assert_int_equal(in.len, 1);
}

static void assert_line_fails(const char *line, const char *part)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(MAX);
    struct bytes type = {0};
    assert_fails(sshwire_parse_line(bytes_of_str(line), &blob, &type), ERR_CRYPTO, part);
}

static void test_parse_line_when_malformed_says_why(void **state)
{
    (void)state;
    assert_line_fails("", "empty");
    assert_line_fails("\n", "empty");
    assert_line_fails("ssh-rsa", "cut short");
    assert_line_fails("ssh-rsa !!!!", "second word");
    assert_line_fails("ssh-dsa AAAAB3NzaC1yc2E=", "another key type");
    assert_line_fails("ssh-rsa AAAAB3NzaC1yc2E=\nssh-rsa AAAAB3NzaC1yc2E=", "several lines");
}

static void test_parse_line_with_comment_and_blanks_is_read(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(MAX);
    CLEANUP(buf_release) struct buf line = BUF_INIT(MAX);
    struct bytes type = {0};
    assert_ok(sshwire_parse_line(bytes_of_str(" ssh-rsa\tAAAAB3NzaC1yc2E=  a comment\r\n"), &blob,
                                 &type));
    assert_true(sshwire_bytes_are(type, "ssh-rsa"));
    assert_ok(sshwire_format_line(buf_bytes(&blob), &line));
    assert_string_equal(buf_str(&line), "ssh-rsa AAAAB3NzaC1yc2E=\n");
}

static void expect_refused(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    (void)arg;
    assert_fails(sshwire_check_key_line(damaged), ERR_CRYPTO, "");
}

static void test_check_key_line_when_cut_in_the_key_fails(void **state)
{
    (void)state;
    static const char *const files[] = {PKI_FIXTURES "rsa.pub", PKI_FIXTURES "ec.pub",
                                        PKI_FIXTURES "ed25519.pub"};
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(freep) char *line = inputs_read(files[i]);
        assert_ok(sshwire_check_key_line(bytes_of_str(line)));
        /* A lost comment is no harm. */
        struct bytes without = {(const uint8_t *)line, (size_t)(strrchr(line, ' ') - line)};
        assert_ok(sshwire_check_key_line(without));
        inputs_truncate(without, expect_refused, NULL);
    }
    assert_fails(sshwire_check_key_line(bytes_of_str("ssh-rsa AAAAB3NzaC1yc2E=")), ERR_CRYPTO,
                 "not whole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_mpint_writes_the_examples_of_the_rfc),
        cmocka_unit_test(test_get_string_when_longer_than_the_input_fails),
        cmocka_unit_test(test_parse_line_when_malformed_says_why),
        cmocka_unit_test(test_parse_line_with_comment_and_blanks_is_read),
        cmocka_unit_test(test_check_key_line_when_cut_in_the_key_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
