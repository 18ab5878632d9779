/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include <openssl/evp.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

RESULT hex_encode(struct bytes in, struct buf *out)
{
    uint8_t *at = NULL;

    TRY(buf_reserve(out, in.len * 2, &at));
    for (size_t i = 0; i < in.len; i++) {
        *at++ = (uint8_t)hex_digits[in.data[i] >> 4];
        *at++ = (uint8_t)hex_digits[in.data[i] & 15];
    }
    buf_commit(out, in.len * 2);
    return NULL;
}

/* Up to three bytes as four digits, '=' for what is missing. */
static void encode_group(const uint8_t *in, size_t n, uint8_t out[4])
{
    uint32_t v = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);

    for (size_t i = 0; i < 4; i++)
        out[i] = i <= n ? (uint8_t)base64_digits[v >> (18 - 6 * i) & 63] : '=';
}

RESULT base64_encode(struct bytes in, struct buf *out)
{
    size_t len = (in.len + 2) / 3 * 4;
    uint8_t *at = NULL;

    TRY(buf_reserve(out, len, &at));
    for (size_t i = 0; i < in.len; i += 3, at += 4)
        encode_group(in.data + i, in.len - i < 3 ? in.len - i : 3, at);
    buf_commit(out, len);
    return NULL;
}

static int digit_value(uint8_t c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (int)(at - base64_digits) : -1;
}

/*
 * Four digits, the last `pad` of them '='. False for other characters, and for digits whose unused
 * bits are not zero: the same bytes must have one text only.
 */
static bool decode_group(const uint8_t in[4], size_t pad, uint8_t out[3])
{
    uint32_t v = 0;

    for (size_t i = 0; i < 4; i++) {
        int digit = i < 4 - pad ? digit_value(in[i]) : 0;
        if (digit < 0)
            return false;
        v = v << 6 | (uint32_t)digit;
    }
    if (v & ((UINT32_C(1) << (8 * pad)) - 1))
        return false;
    for (size_t i = 0; i < 3 - pad; i++)
        out[i] = (uint8_t)(v >> (16 - 8 * i));
    return true;
}

static size_t padding(struct bytes in)
{
    if (in.len == 0 || in.data[in.len - 1] != '=')
        return 0;
    return in.data[in.len - 2] == '=' ? 2 : 1;
}

RESULT base64_decode(struct bytes in, struct buf *out)
{
    if (in.len % 4 != 0)
        return err_new(ERR_PROTOCOL, "not base64: the length %zu is not a multiple of 4", in.len);
    size_t pad = padding(in);
    size_t len = in.len / 4 * 3 - pad;
    uint8_t *at = NULL;

    TRY(buf_reserve(out, len, &at));
    for (size_t i = 0; i < in.len; i += 4, at += 3) {
        if (!decode_group(in.data + i, i + 4 == in.len ? pad : 0, at))
            return err_new(ERR_PROTOCOL, "not base64: wrong character near offset %zu", i);
    }
    buf_commit(out, len);
    return NULL;
}

/* The same digits under other names; padding would be a second text for the same bytes. */
static RESULT to_plain_alphabet(struct bytes in, struct buf *out)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        if (c == '+' || c == '/' || c == '=')
            return err_new(ERR_PROTOCOL, "not base64url: wrong character at offset %zu", i);
        TRY(buf_add_u8(out, c == '-' ? '+' : c == '_' ? '/' : c));
    }
    for (size_t i = in.len; i % 4 != 0; i++)
        TRY(buf_add_u8(out, '='));
    return NULL;
}

RESULT base64url_decode(struct bytes in, struct buf *out)
{
    CLEANUP(buf_release) struct buf plain = BUF_INIT(in.len + 3);

    if (in.len % 4 == 1)
        return err_new(ERR_PROTOCOL, "not base64url: nothing has the length %zu", in.len);
    TRY(to_plain_alphabet(in, &plain));
    return base64_decode(buf_bytes(&plain), out);
}

RESULT sha256_hex(struct bytes in, char out[SHA256_HEX_SIZE])
{
    uint8_t digest[32];

    if (!EVP_Digest(in.data, in.len, digest, NULL, EVP_sha256(), NULL))
        return err_ossl("SHA-256");
    for (size_t i = 0; i < sizeof(digest); i++) {
        out[2 * i] = hex_digits[digest[i] >> 4];
        out[2 * i + 1] = hex_digits[digest[i] & 15];
    }
    out[64] = '\0';
    return NULL;
}

static bool is_continuation(uint8_t b)
{
    return (b & 0xC0) == 0x80;
}

/* How long a sequence with these first two bytes is; 0 for what begins none. */
static size_t utf8_length(uint8_t first, uint8_t second)
{
    static const struct {
        uint8_t first_lo, first_hi, second_lo, second_hi;
        size_t len;
    } forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (first >= forms[i].first_lo && first <= forms[i].first_hi)
            return second >= forms[i].second_lo && second <= forms[i].second_hi ? forms[i].len : 0;
    }
    return 0;
}

size_t utf8_decode(struct bytes in, uint32_t *ret)
{
    uint8_t first = in.data[0];
    if (first < 0x80) {
        *ret = first;
        return 1;
    }
    size_t len = in.len > 1 ? utf8_length(first, in.data[1]) : 0;
    if (len == 0 || len > in.len)
        return 0;
    uint32_t c = first & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(in.data[i]))
            return 0;
        c = c << 6 | (in.data[i] & 0x3F);
    }
    *ret = c;
    return len;
}
