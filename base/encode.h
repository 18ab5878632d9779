/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_ENCODE_H
#define TBOT_BASE_ENCODE_H

/* Text forms of bytes: lower-case hex, base64 (RFC 4648, with padding), SHA-256. */

#include "base/buf.h"

RESULT hex_encode(struct bytes in, struct buf *out);

RESULT base64_encode(struct bytes in, struct buf *out);

/* Refuses anything but the alphabet and correct padding: ERR_PROTOCOL. */
RESULT base64_decode(struct bytes in, struct buf *out);

#define SHA256_HEX_SIZE 65

/* Lower-case hex SHA-256 of `in`, NUL-terminated. */
RESULT sha256_hex(struct bytes in, char out[SHA256_HEX_SIZE]);

#endif
