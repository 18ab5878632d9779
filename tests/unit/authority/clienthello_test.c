/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/clienthello.h"

#include "tests/support/assert_err.h"

#include <openssl/ssl.h>

/* A real ClientHello of OpenSSL's with this ALPN list, as on the wire. */
static void make_hello(const void *alpn, unsigned alpn_len, struct buf *out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *sent = BIO_new(BIO_s_mem());
    assert_non_null(ssl);
    SSL_set_bio(ssl, in, sent);
    if (alpn_len)
        assert_int_equal(SSL_set_alpn_protos(ssl, alpn, alpn_len), 0);
    SSL_set_tlsext_host_name(ssl, "teleport.cluster.local");
    assert_int_equal(SSL_connect(ssl), -1);
    char *data = NULL;
    long len = BIO_get_mem_data(sent, &data);
    assert_ok(buf_add(out, data, (size_t)len));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static const char two[] = "\x13teleport-proxy-grpc\x02h2";

static void test_parse_gives_the_list_in_its_order(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf hello = BUF_INIT(CLIENTHELLO_MAX);
    CLEANUP(strlist_release) struct strlist alpn = {0};
    make_hello(two, sizeof(two) - 1, &hello);
    assert_int_equal(clienthello_parse(buf_bytes(&hello), &alpn), CLIENTHELLO_DONE);
    assert_int_equal(alpn.len, 2);
    assert_string_equal(alpn.items[0], "teleport-proxy-grpc");
    assert_string_equal(alpn.items[1], "h2");
}

static void test_parse_without_alpn_gives_none(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf hello = BUF_INIT(CLIENTHELLO_MAX);
    CLEANUP(strlist_release) struct strlist alpn = {0};
    make_hello(NULL, 0, &hello);
    assert_int_equal(clienthello_parse(buf_bytes(&hello), &alpn), CLIENTHELLO_DONE);
    assert_int_equal(alpn.len, 0);
}

/* Exact copies, so that AddressSanitizer sees a read past the end. */
static enum clienthello_status parse_copy(const uint8_t *data, size_t len, struct strlist *alpn)
{
    CLEANUP(freep) uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    return clienthello_parse((struct bytes){copy, len}, alpn);
}

static void test_parse_cut_anywhere_asks_for_more(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf hello = BUF_INIT(CLIENTHELLO_MAX);
    make_hello(two, sizeof(two) - 1, &hello);
    for (size_t len = 0; len < hello.len; len++) {
        CLEANUP(strlist_release) struct strlist alpn = {0};
        assert_int_equal(parse_copy(hello.data, len, &alpn), CLIENTHELLO_MORE);
        assert_int_equal(alpn.len, 0);
    }
}

/* RFC 8446 5.1: a message may be spread over records of any size. */
static void test_parse_in_many_records_is_the_same(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf hello = BUF_INIT(CLIENTHELLO_MAX);
    CLEANUP(buf_release) struct buf split = BUF_INIT(CLIENTHELLO_MAX);
    CLEANUP(strlist_release) struct strlist alpn = {0};
    make_hello(two, sizeof(two) - 1, &hello);
    for (size_t at = 5; at < hello.len; at++) {
        const uint8_t record[] = {22, 3, 1, 0, 1, hello.data[at]};
        assert_ok(buf_add(&split, record, sizeof(record)));
    }
    for (size_t len = 0; len < split.len; len++)
        assert_int_equal(parse_copy(split.data, len, &alpn), CLIENTHELLO_MORE);
    assert_int_equal(parse_copy(split.data, split.len, &alpn), CLIENTHELLO_DONE);
    assert_int_equal(alpn.len, 2);
}

static void test_parse_other_protocols_are_told_at_once(void **state)
{
    (void)state;
    CLEANUP(strlist_release) struct strlist alpn = {0};
    const char *const others[] = {
        "G",        "GET / HTTP/1.1\r\n",       "SSH-2.0-x\r\n",
        "\x16\x02", "\x16\x03\x01\x7f\xff\x02", "\x16\x03\x01\x7f\xff\x01\xff"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        size_t len = strlen(others[i]) + (i == 5 ? 2 : 0);
        uint8_t data[64] = {0};
        memcpy(data, others[i], strlen(others[i]));
        assert_int_equal(parse_copy(data, len, &alpn), CLIENTHELLO_NOT_TLS);
    }
}

/* Every byte changed in every hello: anything but a crash, and a list only with DONE. */
static void test_parse_damaged_never_lies(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf hello = BUF_INIT(CLIENTHELLO_MAX);
    make_hello(two, sizeof(two) - 1, &hello);
    for (size_t at = 0; at < hello.len; at++) {
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            CLEANUP(strlist_release) struct strlist alpn = {0};
            hello.data[at] ^= (uint8_t)flip;
            enum clienthello_status status = parse_copy(hello.data, hello.len, &alpn);
            assert_true(status == CLIENTHELLO_DONE || alpn.len == 0);
            hello.data[at] ^= (uint8_t)flip;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_gives_the_list_in_its_order),
        cmocka_unit_test(test_parse_without_alpn_gives_none),
        cmocka_unit_test(test_parse_cut_anywhere_asks_for_more),
        cmocka_unit_test(test_parse_in_many_records_is_the_same),
        cmocka_unit_test(test_parse_other_protocols_are_told_at_once),
        cmocka_unit_test(test_parse_damaged_never_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
