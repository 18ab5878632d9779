/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include "tests/support/assert_err.h"

/* RFC 4648 section 10. */
static const struct {
    const char *plain, *encoded;
} rfc[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void test_base64_matches_the_rfc_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++) {
        struct buf b = BUF_INIT(100), back = BUF_INIT(100);
        assert_ok(base64_encode(bytes_of_str(rfc[i].plain), &b));
        assert_string_equal(buf_str(&b), rfc[i].encoded);
        assert_ok(base64_decode(buf_bytes(&b), &back));
        assert_string_equal(buf_str(&back), rfc[i].plain);
        buf_release(&b);
        buf_release(&back);
    }
}

static void test_base64_carries_every_byte(void **state)
{
    (void)state;
    uint8_t all[256];
    struct buf b = BUF_INIT(1000), back = BUF_INIT(256);
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    assert_ok(base64_encode((struct bytes){all, 256}, &b));
    assert_ok(base64_decode(buf_bytes(&b), &back));
    assert_int_equal(back.len, 256);
    assert_memory_equal(back.data, all, 256);
    buf_release(&b);
    buf_release(&back);
}

static void test_base64_refuses_everything_else(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",        "Zg",   "Zg=",      "====", "Z===", "Zm9v\n",
                                      "Zm 9v===", "Zm=v", "Zg==Zg==", "Zm-_", "Zh==", "Zm9="};
    struct buf b = BUF_INIT(100);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(base64_decode(bytes_of_str(bad[i]), &b), ERR_PROTOCOL, "not base64");
        assert_int_equal(b.len, 0);
    }
    buf_release(&b);
}

static void test_base64url_has_its_own_alphabet_and_no_padding(void **state)
{
    (void)state;
    static const struct {
        const char *encoded, *plain;
    } good[] = {{"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"-_-_", "\xfb\xff\xbf"}};
    static const char *const bad[] = {"Z", "Zg==", "+/+/", "Zm9vZ", "Zm 9", "Zh"};
    struct buf b = BUF_INIT(100);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        buf_clear(&b);
        assert_ok(base64url_decode(bytes_of_str(good[i].encoded), &b));
        assert_string_equal(buf_str(&b), good[i].plain);
    }
    buf_clear(&b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(base64url_decode(bytes_of_str(bad[i]), &b), ERR_PROTOCOL, "not base64");
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void test_hex_and_sha256(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    char digest[SHA256_HEX_SIZE];
    struct buf b = BUF_INIT(8);
    assert_ok(hex_encode((struct bytes){bytes, 4}, &b));
    assert_string_equal(buf_str(&b), "000fa5ff");
    assert_fails(hex_encode((struct bytes){bytes, 4}, &b), ERR_REJECTED, "too large");
    assert_ok(sha256_hex(bytes_of_str("abc"), digest));
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223"
                                "b00361a396177a9cb410ff61f20015ad");
    buf_release(&b);
}

static void test_utf8_decodes_the_bounds_of_each_length(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t c;
    } good[] = {
        {"\x01", 0x01},
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint32_t c = 0;
        assert_int_equal(utf8_decode(bytes_of_str(good[i].text), &c), strlen(good[i].text));
        assert_int_equal(c, good[i].c);
    }
}

static void test_utf8_refuses_other_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",         "\xc2",         "\xc0\xaf", "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xe2\x82",     "\xc3\x28", "\xf4\x90\x80\x80",
        "\xf1\x80\x80", "\xe1\x80\x28", "\xff\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint32_t c = 0;
        assert_int_equal(utf8_decode(bytes_of_str(bad[i]), &c), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_matches_the_rfc_both_ways),
        cmocka_unit_test(test_base64_carries_every_byte),
        cmocka_unit_test(test_base64_refuses_everything_else),
        cmocka_unit_test(test_base64url_has_its_own_alphabet_and_no_padding),
        cmocka_unit_test(test_hex_and_sha256),
        cmocka_unit_test(test_utf8_decodes_the_bounds_of_each_length),
        cmocka_unit_test(test_utf8_refuses_other_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
