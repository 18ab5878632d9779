/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_INPUTS_H
#define TBOT_TESTS_SUPPORT_INPUTS_H

/*
 * Damaged copies of an input, for parsers: each copy lies in memory of exactly its size, so that a
 * sanitizer sees a read past its end.
 */

#include "base/buf.h"

/* The file's content; the test ends when it cannot be read. The caller frees. */
char *inputs_read(const char *path);

/* `len` is how much of the input is unharmed: where it was cut, or the byte with the changed bit.
 */
typedef void (*inputs_check)(struct bytes damaged, size_t len, void *arg);

/* With every length from 0 to one less than the whole. */
void inputs_truncate(struct bytes input, inputs_check check, void *arg);

/* With one bit changed: each bit of every `stride`-th bit position. 1: all of them. */
void inputs_flip_bits(struct bytes input, size_t stride, inputs_check check, void *arg);

#endif
