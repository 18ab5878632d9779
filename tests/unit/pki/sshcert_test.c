/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/sshcert.h"

#include "base/encode.h"
#include "identity/pki/sshwire.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#define MAX 65536
#define ED25519_TYPE "ssh-ed25519-cert-v01@openssh.com"

static struct sshcert *cert_of_file(const char *path)
{
    CLEANUP(freep) char *line = inputs_read(path);
    struct sshcert *c = NULL;
    assert_ok(sshcert_from_line(bytes_of_str(line), &c));
    return c;
}

static void assert_same_key(const struct sshcert *c, const char *path)
{
    CLEANUP(freep) char *line = inputs_read(path);
    CLEANUP(buf_release) struct buf theirs = BUF_INIT(MAX);
    CLEANUP(buf_release) struct buf ours = BUF_INIT(MAX);
    struct bytes type = {0};
    assert_ok(sshwire_parse_line(bytes_of_str(line), &theirs, &type));
    assert_ok(sshcert_public_blob(c, &ours));
    assert_int_equal(ours.len, theirs.len);
    assert_memory_equal(ours.data, theirs.data, ours.len);
}

static void test_user_certificate_of_ssh_keygen_is_read(void **state)
{
    (void)state;
    CLEANUP(sshcert_freep) struct sshcert *c = cert_of_file(PKI_FIXTURES "rsa-cert.pub");
    assert_string_equal(c->type, "ssh-rsa-cert-v01@openssh.com");
    assert_int_equal(c->kind, SSHCERT_USER);
    assert_int_equal(c->serial, 77);
    assert_string_equal(c->key_id, "bot-test");
    assert_int_equal(c->principals.len, 2);
    assert_string_equal(c->principals.items[0], "alice");
    assert_string_equal(c->principals.items[1], "bob");
    assert_int_equal(wall_to_unix(c->valid_after), 1577836800);
    assert_int_equal(wall_to_unix(c->valid_before), 3976214400);
    assert_string_equal(sshcert_option(&c->critical, "force-command"), "/bin/true");
    assert_string_equal(sshcert_option(&c->critical, "source-address"), "127.0.0.1/32");
    assert_string_equal(sshcert_option(&c->extensions, "permit-pty"), "");
    assert_string_equal(sshcert_option(&c->extensions, "note@example"), "hello");
    assert_null(sshcert_option(&c->extensions, "permit-user-rc"));
    assert_same_key(c, PKI_FIXTURES "rsa.pub");
}

static void test_certificate_for_ever_saturates_its_times(void **state)
{
    (void)state;
    CLEANUP(sshcert_freep) struct sshcert *c = cert_of_file(PKI_FIXTURES "ec-cert.pub");
    assert_int_equal(c->valid_after.ns, WALL_NONE.ns);
    assert_int_equal(c->valid_before.ns, WALL_NEVER.ns);
    assert_true(c->serial == UINT64_MAX);
    assert_int_equal(c->principals.len, 0);
    assert_int_equal(c->extensions.names.len, 5);
    assert_same_key(c, PKI_FIXTURES "ec.pub");
}

static void test_host_certificate_is_read(void **state)
{
    (void)state;
    CLEANUP(sshcert_freep) struct sshcert *c = cert_of_file(PKI_FIXTURES "ed25519-host-cert.pub");
    assert_int_equal(c->kind, SSHCERT_HOST);
    assert_string_equal(c->principals.items[0], "node.example");
    assert_same_key(c, PKI_FIXTURES "ed25519.pub");
    struct bytes ca = c->ca_key, type = {0};
    assert_ok(sshwire_get_string(&ca, &type));
    assert_true(sshwire_bytes_are(type, "ssh-ed25519"));
}

static void expect_cut(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    (void)arg;
    struct sshcert *c = NULL;
    assert_fails(sshcert_from_blob(damaged, &c), ERR_CRYPTO, "SSH certificate");
}

static void expect_line_cut(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    (void)arg;
    struct sshcert *c = NULL;
    assert_fails(sshcert_from_line(damaged, &c), ERR_CRYPTO, "SSH certificate");
}

/* A changed bit inside a text or a number is another certificate; it must be read, or refused,
 * cleanly. */
static void expect_clean(struct bytes damaged, size_t len, void *arg)
{
    (void)len;
    unsigned *refused = arg;
    CLEANUP(sshcert_freep) struct sshcert *c = NULL;
    struct err *e = sshcert_from_blob(damaged, &c);
    assert_true(e ? err_code(e) == ERR_CRYPTO && !c : c != NULL);
    *refused += e ? 1 : 0;
    err_free(e);
}

static void test_when_damaged_anywhere_fails_cleanly(void **state)
{
    (void)state;
    static const char *const files[] = {PKI_FIXTURES "rsa-cert.pub", PKI_FIXTURES "ec-cert.pub",
                                        PKI_FIXTURES "ed25519-host-cert.pub"};
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(sshcert_freep) struct sshcert *c = cert_of_file(files[i]);
        CLEANUP(freep) char *line = inputs_read(files[i]);
        unsigned refused = 0;
        inputs_truncate(buf_bytes(&c->blob), expect_cut, NULL);
        inputs_flip_bits(buf_bytes(&c->blob), 1, expect_clean, &refused);
        assert_true(refused > 100);
        struct bytes without_comment = {(const uint8_t *)line, (size_t)(strrchr(line, ' ') - line)};
        inputs_truncate(without_comment, expect_line_cut, NULL);
    }
}

/* `edit` changes the certificate's body; the rest stays right. */
static struct err *parse_with_body(const char *type, struct bytes body)
{
    static const uint8_t key_fields[4 + 32] = {0, 0, 0, 32};
    CLEANUP(buf_release) struct buf blob = BUF_INIT(MAX);
    CLEANUP(sshcert_freep) struct sshcert *c = NULL;
    fixture_ssh_blob(type, (struct bytes){key_fields, sizeof(key_fields)}, body, &blob);
    return sshcert_from_blob(buf_bytes(&blob), &c);
}

static void put_str(struct buf *out, const char *s)
{
    assert_ok(sshwire_put_string(out, bytes_of_str(s)));
}

static void put_body(struct buf *out, uint32_t kind, struct bytes id, struct bytes extensions)
{
    assert_ok(buf_add_u64be(out, 1));
    assert_ok(buf_add_u32be(out, kind));
    assert_ok(sshwire_put_string(out, id));
    put_str(out, "");
    assert_ok(buf_add_u64be(out, 0));
    assert_ok(buf_add_u64be(out, UINT64_MAX));
    put_str(out, "");
    assert_ok(sshwire_put_string(out, extensions));
    put_str(out, "");
}

static struct err *parse_body(uint32_t kind, struct bytes id, struct bytes extensions)
{
    CLEANUP(buf_release) struct buf body = BUF_INIT(MAX);
    put_body(&body, kind, id, extensions);
    return parse_with_body(ED25519_TYPE, buf_bytes(&body));
}

static void test_when_kind_is_unknown_fails(void **state)
{
    (void)state;
    struct bytes id = bytes_of_str("x"), none = {0};
    assert_ok(parse_body(SSHCERT_USER, id, none));
    assert_fails(parse_body(3, id, none), ERR_CRYPTO, "neither a user nor a host");
    assert_fails(parse_body(0, id, none), ERR_CRYPTO, "neither a user nor a host");
}

static void test_when_text_holds_a_nul_byte_fails(void **state)
{
    (void)state;
    assert_fails(
        parse_body(SSHCERT_USER, (struct bytes){(const uint8_t *)"a\0b", 3}, (struct bytes){0}),
        ERR_CRYPTO, "NUL");
}

static void test_when_extensions_are_unsorted_or_repeated_fails(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf unsorted = BUF_INIT(MAX);
    CLEANUP(buf_release) struct buf twice = BUF_INIT(MAX);
    put_str(&unsorted, "b");
    put_str(&unsorted, "");
    put_str(&unsorted, "a");
    put_str(&unsorted, "");
    put_str(&twice, "a");
    put_str(&twice, "");
    put_str(&twice, "a");
    put_str(&twice, "");
    struct bytes id = bytes_of_str("x");
    assert_fails(parse_body(SSHCERT_USER, id, buf_bytes(&unsorted)), ERR_CRYPTO, "out of order");
    assert_fails(parse_body(SSHCERT_USER, id, buf_bytes(&twice)), ERR_CRYPTO, "out of order");
}

static void test_when_value_has_bytes_behind_it_fails(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf extensions = BUF_INIT(MAX);
    put_str(&extensions, "a");
    assert_ok(sshwire_put_string(&extensions, (struct bytes){(const uint8_t *)"\0\0\0\1vX", 6}));
    assert_fails(parse_body(SSHCERT_USER, bytes_of_str("x"), buf_bytes(&extensions)), ERR_CRYPTO,
                 "bytes behind the value of 'a'");
}

static void test_when_there_are_too_many_principals_fails(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf body = BUF_INIT(MAX);
    CLEANUP(buf_release) struct buf principals = BUF_INIT(MAX);
    for (int i = 0; i <= SSHCERT_PRINCIPALS_MAX; i++)
        put_str(&principals, "p");
    assert_ok(buf_add_u64be(&body, 1));
    assert_ok(buf_add_u32be(&body, SSHCERT_USER));
    put_str(&body, "x");
    assert_ok(sshwire_put_string(&body, buf_bytes(&principals)));
    assert_fails(parse_with_body(ED25519_TYPE, buf_bytes(&body)), ERR_CRYPTO, "more than 1024");
}

static void test_when_type_is_unknown_fails(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf body = BUF_INIT(MAX);
    put_body(&body, SSHCERT_USER, bytes_of_str("x"), (struct bytes){0});
    assert_fails(parse_with_body("ssh-dss-cert-v01@openssh.com", buf_bytes(&body)), ERR_CRYPTO,
                 "'ssh-dss-cert-v01@openssh.com'");
    assert_fails(parse_with_body("ssh-ed25519", buf_bytes(&body)), ERR_CRYPTO, "'ssh-ed25519'");
}

static void test_when_bytes_follow_the_signature_fails(void **state)
{
    (void)state;
    CLEANUP(sshcert_freep) struct sshcert *c = cert_of_file(PKI_FIXTURES "rsa-cert.pub");
    CLEANUP(sshcert_freep) struct sshcert *again = NULL;
    CLEANUP(buf_release) struct buf longer = BUF_INIT(MAX);
    assert_ok(buf_add(&longer, c->blob.data, c->blob.len));
    assert_ok(buf_add_u8(&longer, 0));
    assert_fails(sshcert_from_blob(buf_bytes(&longer), &again), ERR_CRYPTO,
                 "1 bytes behind the signature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_certificate_of_ssh_keygen_is_read),
        cmocka_unit_test(test_certificate_for_ever_saturates_its_times),
        cmocka_unit_test(test_host_certificate_is_read),
        cmocka_unit_test(test_when_damaged_anywhere_fails_cleanly),
        cmocka_unit_test(test_when_kind_is_unknown_fails),
        cmocka_unit_test(test_when_text_holds_a_nul_byte_fails),
        cmocka_unit_test(test_when_extensions_are_unsorted_or_repeated_fails),
        cmocka_unit_test(test_when_value_has_bytes_behind_it_fails),
        cmocka_unit_test(test_when_there_are_too_many_principals_fails),
        cmocka_unit_test(test_when_type_is_unknown_fails),
        cmocka_unit_test(test_when_bytes_follow_the_signature_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
