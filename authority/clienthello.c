/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/clienthello.h"

#define RECORD_HANDSHAKE 22
#define HANDSHAKE_HEADER 4
#define HANDSHAKE_CLIENT_HELLO 1
#define EXTENSION_ALPN 16

/* Takes a big-endian number of `size` bytes from the front. */
static bool take_number(struct bytes *in, size_t size, size_t *ret)
{
    size_t number = 0;
    if (in->len < size)
        return false;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | in->data[i];
    in->data += size;
    in->len -= size;
    *ret = number;
    return true;
}

static bool take_bytes(struct bytes *in, size_t len, struct bytes *ret)
{
    if (in->len < len)
        return false;
    *ret = (struct bytes){in->data, len};
    in->data += len;
    in->len -= len;
    return true;
}

/* Takes a vector with a length of `size` bytes in front. */
static bool take_vector(struct bytes *in, size_t size, struct bytes *ret)
{
    size_t len = 0;
    return take_number(in, size, &len) && take_bytes(in, len, ret);
}

/* Adds the content of the next record to `message`; a cut record's content as far as it goes. */
static enum clienthello_status take_record(struct bytes *in, struct buf *message)
{
    size_t type = 0, version = 0, len = 0;
    if (in->len && in->data[0] != RECORD_HANDSHAKE)
        return CLIENTHELLO_NOT_TLS;
    if (in->len > 1 && in->data[1] != 3)
        return CLIENTHELLO_NOT_TLS;
    if (!take_number(in, 1, &type) || !take_number(in, 2, &version) || !take_number(in, 2, &len))
        return CLIENTHELLO_MORE;
    if (!len)
        return CLIENTHELLO_NOT_TLS;
    bool is_whole = in->len >= len;
    struct bytes content;
    if (!take_bytes(in, is_whole ? len : in->len, &content))
        return CLIENTHELLO_NOT_TLS;
    struct err *e = content.len ? buf_add(message, content.data, content.len) : NULL;
    if (e) {
        err_ignore(e, "longer than any ClientHello");
        return CLIENTHELLO_NOT_TLS;
    }
    return is_whole ? CLIENTHELLO_DONE : CLIENTHELLO_MORE;
}

/* The message may be spread over records, and be cut anywhere. */
static enum clienthello_status gather(struct bytes in, struct buf *message)
{
    for (;;) {
        enum clienthello_status status = take_record(&in, message);
        if (status == CLIENTHELLO_NOT_TLS)
            return status;
        if (message->len && message->data[0] != HANDSHAKE_CLIENT_HELLO)
            return CLIENTHELLO_NOT_TLS;
        struct bytes header = buf_bytes(message);
        size_t type = 0, len = 0;
        bool has_header = take_number(&header, 1, &type) && take_number(&header, 3, &len);
        if (has_header && len > CLIENTHELLO_MAX - HANDSHAKE_HEADER)
            return CLIENTHELLO_NOT_TLS;
        if (has_header && header.len >= len) {
            message->len = HANDSHAKE_HEADER + len;
            return CLIENTHELLO_DONE;
        }
        if (status == CLIENTHELLO_MORE)
            return CLIENTHELLO_MORE;
    }
}

static bool add_protocols(struct bytes extension, struct strlist *out)
{
    struct bytes list, name;
    if (!take_vector(&extension, 2, &list) || extension.len)
        return false;
    while (list.len) {
        if (!take_vector(&list, 1, &name) || !name.len)
            return false;
        struct err *e = strlist_add_n(out, name.data, name.len);
        if (e) {
            err_ignore(e, "out of memory, or a NUL byte in a name: nobody we know");
            return false;
        }
    }
    return true;
}

static bool find_alpn(struct bytes extensions, struct strlist *out)
{
    while (extensions.len) {
        size_t type = 0;
        struct bytes content;
        if (!take_number(&extensions, 2, &type) || !take_vector(&extensions, 2, &content))
            return false;
        if (type == EXTENSION_ALPN)
            return add_protocols(content, out);
    }
    return true;
}

/* The fields before the extensions, which may be missing altogether. */
static bool read_hello(struct bytes hello, struct strlist *out)
{
    struct bytes fixed, skipped, extensions;
    if (!take_bytes(&hello, HANDSHAKE_HEADER + 2 + 32, &fixed) ||
        !take_vector(&hello, 1, &skipped) || /* session */
        !take_vector(&hello, 2, &skipped) || /* cipher suites */
        !take_vector(&hello, 1, &skipped))   /* compression */
        return false;
    if (!hello.len)
        return true;
    return take_vector(&hello, 2, &extensions) && !hello.len && find_alpn(extensions, out);
}

enum clienthello_status clienthello_parse(struct bytes in, struct strlist *ret_alpn)
{
    CLEANUP(buf_release) struct buf message = BUF_INIT(CLIENTHELLO_MAX);
    CLEANUP(strlist_release) struct strlist alpn = {0};
    enum clienthello_status status = gather(in, &message);
    if (status != CLIENTHELLO_DONE)
        return status;
    if (!read_hello(buf_bytes(&message), &alpn))
        return CLIENTHELLO_NOT_TLS;
    *ret_alpn = alpn;
    alpn = (struct strlist){0};
    return CLIENTHELLO_DONE;
}
