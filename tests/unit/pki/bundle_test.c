/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/bundle.h"

#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

#define MAX 65536

static void test_from_pems_keeps_each_certificate_once(void **state)
{
    (void)state;
    CLEANUP(freep) char *one = fixture_ca_pem();
    CLEANUP(freep) char *two = inputs_read(PKI_FIXTURES "ca.crt");
    CLEANUP(buf_release) struct buf both = BUF_INIT(MAX);
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX);
    CLEANUP(strlist_release) struct strlist pems = {0};
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = NULL;
    assert_ok(buf_printf(&both, "%s%s", one, two));
    assert_ok(strlist_add(&pems, one));
    assert_ok(strlist_add(&pems, buf_str(&both)));
    assert_ok(strlist_add(&pems, two));
    assert_ok(bundle_from_pems(&pems, &certs));
    assert_int_equal(sk_X509_num(certs), 2);
    assert_ok(bundle_to_pem(certs, &text));
    assert_string_equal(buf_str(&text), buf_str(&both));
}

static void test_from_pems_when_one_is_damaged_names_it(void **state)
{
    (void)state;
    CLEANUP(freep) char *one = fixture_ca_pem();
    CLEANUP(strlist_release) struct strlist pems = {0};
    STACK_OF(X509) *certs = NULL;
    assert_ok(strlist_add(&pems, one));
    assert_ok(strlist_add(&pems, "nothing"));
    assert_fails(bundle_from_pems(&pems, &certs), ERR_CRYPTO, "CA 2 of 2");
    assert_null(certs);
}

static void test_from_pems_when_empty_is_empty(void **state)
{
    (void)state;
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = NULL;
    struct strlist none = {0};
    assert_ok(bundle_from_pems(&none, &certs));
    assert_int_equal(sk_X509_num(certs), 0);
}

static void check_items(const char *text, size_t n)
{
    CLEANUP(strlist_release) struct strlist items = {0};
    assert_ok(bundle_split_items(bytes_of_str(text), &items));
    assert_int_equal(items.len, n);
}

static void test_split_items_leaves_out_empty_ones(void **state)
{
    (void)state;
    check_items("", 0);
    check_items("$", 0);
    check_items("a", 1);
    check_items("a\n$b\n", 2);
    check_items("a$$b$", 2);
    CLEANUP(strlist_release) struct strlist items = {0};
    struct bytes with_nul = {(const uint8_t *)"a\0b", 3};
    assert_fails(bundle_split_items(with_nul, &items), ERR_CRYPTO, "NUL");
}

static void test_join_items_gives_what_is_split(void **state)
{
    (void)state;
    CLEANUP(strlist_release) struct strlist items = {0};
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX);
    assert_ok(bundle_join_items(&items, &text));
    assert_int_equal(text.len, 0);
    assert_ok(strlist_add(&items, "one\n"));
    assert_ok(bundle_join_items(&items, &text));
    assert_string_equal(buf_str(&text), "one\n");
    buf_clear(&text);
    assert_ok(strlist_add(&items, "two\n"));
    assert_ok(bundle_join_items(&items, &text));
    assert_string_equal(buf_str(&text), "one\n$two\n");
    assert_ok(strlist_add(&items, "costs $3"));
    assert_fails(bundle_join_items(&items, &text), ERR_CRYPTO, "CA 3 of 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_pems_keeps_each_certificate_once),
        cmocka_unit_test(test_from_pems_when_one_is_damaged_names_it),
        cmocka_unit_test(test_from_pems_when_empty_is_empty),
        cmocka_unit_test(test_split_items_leaves_out_empty_ones),
        cmocka_unit_test(test_join_items_gives_what_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
