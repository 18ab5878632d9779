/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FUZZ_H
#define TBOT_TESTS_FUZZ_H

/*
 * What the fuzzers share. A fuzzer is one file, fuzz_NAME.c, with the function below and a comment
 * that says which of our functions it attacks. It does the same for the same input, keeps nothing
 * from one input to the next, and frees everything: it is run under sanitizers that look.
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *     {
 *         CLEANUP(thing_freep) struct thing *t = NULL;
 *         if (fuzz_is_accepted(thing_parse((struct bytes) {data, size}, &t)))
 *             fuzz_must(thing_check(t));
 *         return 0;
 *     }
 *
 * With clang, libFuzzer calls it (preset fuzz); in all other presets replay_main.c does, with the
 * files of corpus/NAME and damaged copies of them.
 */

#include "base/buf.h"

/* Returns 0. `data` may be NULL when `size` is 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a parser said: true for success. Hostile input may lead to any error but those that are our
 * own mistakes, ERR_BUG and ERR_NOMEM, and the error has a text. Frees it.
 */
bool fuzz_is_accepted(struct err *e);

/* Ends the run, with the error's text: what was accepted before must go through here. */
void fuzz_must(struct err *e);

/* Ends the run unless `is_so`, naming the `promise` that was broken. */
void fuzz_check(bool is_so, const char *promise);

/* The same unless both have the same bytes. */
void fuzz_same(struct bytes a, struct bytes b, const char *promise);

/* A C string of the bytes up to the first NUL, in memory of exactly its size. The caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Takes the bytes in front of the next `separator` off *rest, or all of them where there is none. */
struct bytes fuzz_take_part(struct bytes *rest, uint8_t separator);

/* Takes the first byte off *rest, 0 when it is empty: for choosing between several attacks. */
uint8_t fuzz_take_byte(struct bytes *rest);

#endif
