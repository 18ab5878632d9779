/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_SECRET_H
#define TBOT_BASE_SECRET_H

/*
 * Bytes that must not leak: private keys, join tokens, identity files.
 *
 * The memory lives in pages of its own, locked into RAM and kept out of core dumps where the system
 * allows it (RLIMIT_MEMLOCK may not), and is wiped when freed. There is no print function, on
 * purpose. What OpenSSL and gRPC copy into their own memory is beyond our reach; keep such copies
 * short-lived.
 *
 * Immutable once made, but for secret_append() on one made with room to grow. Not reference counted.
 */

#include "base/buf.h"

struct secret;

/* A copy of `len` bytes. A NUL byte always follows the content. */
RESULT secret_new(const void *data, size_t len, struct secret **ret);

/* Empty, with room for `cap` bytes: see secret_append(). */
RESULT secret_with_room(size_t cap, struct secret **ret);

/* ERR_REJECTED when the room is used up. */
RESULT secret_append(struct secret *s, const void *data, size_t len);

RESULT secret_dup(const struct secret *s, struct secret **ret);

/* Wipes, then frees. Accepts NULL. */
void secret_free(struct secret *s);
DEFINE_FREEP(secret)

/* Lives as long as `s`. */
struct bytes secret_bytes(const struct secret *s);

/* The same, as a C string (the content may hold NUL bytes of its own: do not use it for binary). */
const char *secret_str(const struct secret *s);

/* Compares in time that depends on the lengths only. */
bool secret_equals(const struct secret *s, struct bytes other);

/* Shortens the content by the white space at both ends: tokens read from files. */
void secret_trim(struct secret *s);

/* Overwrites memory in a way the compiler does not remove. */
void secret_wipe(void *data, size_t len);

#endif
