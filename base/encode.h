/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_ENCODE_H
#define TBOT_BASE_ENCODE_H

/* Text forms of bytes: lower-case hex, base64 (RFC 4648, with padding), SHA-256, UTF-8. */

#include "base/buf.h"

RESULT hex_encode(struct bytes in, struct buf *out);

RESULT base64_encode(struct bytes in, struct buf *out);

/* Refuses anything but the alphabet and correct padding: ERR_PROTOCOL. */
RESULT base64_decode(struct bytes in, struct buf *out);

/* The alphabet for URLs, without padding (RFC 7515). ERR_PROTOCOL. */
RESULT base64url_decode(struct bytes in, struct buf *out);

#define SHA256_HEX_SIZE 65

/* Lower-case hex SHA-256 of `in`, NUL-terminated. */
RESULT sha256_hex(struct bytes in, char out[SHA256_HEX_SIZE]);

/*
 * The first character of `in`, which has a byte at least (RFC 3629: shortest form, no surrogates).
 * Returns how many bytes it has; 0 when it is no UTF-8.
 */
size_t utf8_decode(struct bytes in, uint32_t *ret);

#endif
