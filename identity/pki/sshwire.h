/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_SSHWIRE_H
#define TBOT_IDENTITY_PKI_SSHWIRE_H

/*
 * SSH's data types (RFC 4251 5) and its one-line text form of keys and certificates.
 *
 * Reading: a `struct bytes` is the rest of the input; each call takes its piece from the front.
 * Views given back live as long as the input. What is cut short or too long is ERR_CRYPTO.
 */

#include "base/buf.h"

#include <openssl/types.h>

/* A line with a certificate of many roles and traits stays far below this. */
#define SSHWIRE_LINE_MAX (256 * 1024)

RESULT sshwire_get_u32(struct bytes *in, uint32_t *ret);
RESULT sshwire_get_u64(struct bytes *in, uint64_t *ret);
RESULT sshwire_get_string(struct bytes *in, struct bytes *ret);

RESULT sshwire_put_string(struct buf *out, struct bytes s);
RESULT sshwire_put_mpint(struct buf *out, const BIGNUM *n); /* not for negative numbers */

/*
 * Takes "TYPE BASE64 [COMMENT]" apart, with or without a newline behind. Adds the decoded blob to
 * `blob`; TYPE must be what the blob itself begins with. *ret_type views into `line`.
 */
RESULT sshwire_parse_line(struct bytes line, struct buf *blob, struct bytes *ret_type);

/* Adds "TYPE BASE64\n", TYPE as the blob begins. */
RESULT sshwire_format_line(struct bytes blob, struct buf *out);

/*
 * Of how many strings (or mpints, the same on the wire) a plain public key consists behind its type;
 * 0 for a type that is not known.
 */
unsigned sshwire_key_fields(struct bytes key_type);

/* Checks an authorized_keys line of a CA: it decodes, and the key in it is whole. */
RESULT sshwire_check_key_line(struct bytes line);

bool sshwire_bytes_are(struct bytes b, const char *text);

#endif
