/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/sshwire.h"

#include "base/encode.h"

#include <openssl/bn.h>
#include <string.h>

/* The longest mpint we write: an RSA modulus of 16384 bits. */
#define MPINT_MAX 2048

static RESULT get_be(struct bytes *in, size_t width, uint64_t *ret)
{
    if (in->len < width)
        return err_new(ERR_CRYPTO, "cut short: %zu bytes where a number of %zu should be", in->len,
                       width);
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | in->data[i];
    in->data += width;
    in->len -= width;
    *ret = v;
    return NULL;
}

RESULT sshwire_get_u32(struct bytes *in, uint32_t *ret)
{
    uint64_t v = 0;
    TRY(get_be(in, 4, &v));
    *ret = (uint32_t)v;
    return NULL;
}

RESULT sshwire_get_u64(struct bytes *in, uint64_t *ret)
{
    return get_be(in, 8, ret);
}

RESULT sshwire_get_string(struct bytes *in, struct bytes *ret)
{
    struct bytes rest = *in;
    uint32_t len = 0;
    TRY(sshwire_get_u32(&rest, &len));
    if (len > rest.len)
        return err_new(ERR_CRYPTO, "cut short: a string of %u bytes has only %zu", len, rest.len);
    *ret = (struct bytes){rest.data, len};
    *in = (struct bytes){rest.data + len, rest.len - len};
    return NULL;
}

RESULT sshwire_put_string(struct buf *out, struct bytes s)
{
    if (s.len > UINT32_MAX)
        return err_new(ERR_CRYPTO, "a string of %zu bytes does not fit into SSH's format", s.len);
    TRY(buf_add_u32be(out, (uint32_t)s.len));
    return buf_add(out, s.data, s.len);
}

RESULT sshwire_put_mpint(struct buf *out, const BIGNUM *n)
{
    uint8_t digits[1 + MPINT_MAX] = {0};
    int len = BN_num_bytes(n);
    if (len > MPINT_MAX)
        return err_new(ERR_CRYPTO, "a number of %d bytes is longer than %d", len, MPINT_MAX);
    BN_bn2bin(n, digits + 1);
    /* A zero in front keeps a number whose top bit is set from reading as negative. */
    bool pad = len > 0 && (digits[1] & 0x80);
    const uint8_t *from = pad ? digits : digits + 1;
    return sshwire_put_string(out, (struct bytes){from, (size_t)len + (pad ? 1 : 0)});
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The next word on the line; empty at its end. */
static struct bytes next_word(struct bytes *in)
{
    while (in->len > 0 && is_blank(*in->data))
        *in = (struct bytes){in->data + 1, in->len - 1};
    struct bytes word = {in->data, 0};
    while (word.len < in->len && !is_blank(in->data[word.len]))
        word.len++;
    *in = (struct bytes){in->data + word.len, in->len - word.len};
    return word;
}

static void strip_newline(struct bytes *line)
{
    while (line->len > 0 &&
           (line->data[line->len - 1] == '\n' || line->data[line->len - 1] == '\r'))
        line->len--;
}

RESULT sshwire_parse_line(struct bytes line, struct buf *blob, struct bytes *ret_type)
{
    if (line.len > SSHWIRE_LINE_MAX)
        return err_new(ERR_CRYPTO, "a line of %zu bytes is longer than %d", line.len,
                       SSHWIRE_LINE_MAX);
    strip_newline(&line);
    if (line.len == 0)
        return err_new(ERR_CRYPTO, "the line is empty");
    if (memchr(line.data, '\n', line.len))
        return err_new(ERR_CRYPTO, "several lines where one should be");
    struct bytes type = next_word(&line), text = next_word(&line);
    size_t before = blob->len;
    struct err *e = base64_decode(text, blob);
    if (e)
        return err_wrap_as(ERR_CRYPTO, e, "the second word of the line");

    struct bytes rest = {blob->data + before, blob->len - before};
    struct bytes inner = {0};
    TRY(sshwire_get_string(&rest, &inner));
    if (inner.len != type.len || memcmp(inner.data, type.data, type.len) != 0)
        return err_new(ERR_CRYPTO, "the line begins with another key type than is encoded in it");
    *ret_type = type;
    return NULL;
}

RESULT sshwire_format_line(struct bytes blob, struct buf *out)
{
    struct bytes rest = blob, type = {0};
    TRY(sshwire_get_string(&rest, &type));
    TRY(buf_add(out, type.data, type.len));
    TRY(buf_add_str(out, " "));
    TRY(base64_encode(blob, out));
    return buf_add_str(out, "\n");
}

unsigned sshwire_key_fields(struct bytes key_type)
{
    static const struct {
        const char *name;
        unsigned fields;
    } types[] = {
        {"ssh-rsa", 2},             /* e, n */
        {"ssh-ed25519", 1},         /* point */
        {"ecdsa-sha2-nistp256", 2}, /* curve, point */
        {"ecdsa-sha2-nistp384", 2},
        {"ecdsa-sha2-nistp521", 2},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (sshwire_bytes_are(key_type, types[i].name))
            return types[i].fields;
    }
    return 0;
}

RESULT sshwire_check_key_line(struct bytes line)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(SSHWIRE_LINE_MAX);
    struct bytes type = {0};
    TRY(sshwire_parse_line(line, &blob, &type));
    struct bytes rest = buf_bytes(&blob), piece = {0};
    TRY(sshwire_get_string(&rest, &piece)); /* the type */
    unsigned wanted = sshwire_key_fields(type), fields = 0;
    for (; rest.len > 0; fields++)
        TRY(sshwire_get_string(&rest, &piece));
    if (wanted ? fields != wanted : fields == 0)
        return err_new(ERR_CRYPTO, "the key in the line is not whole");
    return NULL;
}

bool sshwire_bytes_are(struct bytes b, const char *text)
{
    return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0;
}
