/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_SYMBOLS_H
#define TBOT_DIAG_PROFILE_SYMBOLS_H

/*
 * Which function an address of this process lies in.
 *
 * Of the program itself: by the section it carries with it, which names static functions and gRPC's too
 * and outlives strip(1), or else by the linker's table. Of libraries: by what they export; where that
 * does not tell, by the library as a whole, "[libcrypto.so.3]".
 *
 * Loading takes a few milliseconds and about 2 MB, so it is done for one answer and freed after it.
 *
 * Threads: one at a time; not the loop's.
 */

#include "base/cleanup.h"
#include "base/err.h"
#include "diag/profile/modules.h"

struct symbols;

/* A program without any names is no error. */
RESULT symbols_load(struct symbols **ret);
void symbols_free(struct symbols *s); /* accepts NULL */
DEFINE_FREEP(symbols)

const struct modules *symbols_modules(const struct symbols *s);

#define SYMBOLS_NAME_SIZE 512

struct symbols_answer {
    char name[SYMBOLS_NAME_SIZE];
    uintptr_t start; /* of the function, or 0: not known */
};

/* "[unknown]" when not even the object is known. */
void symbols_find(const struct symbols *s, uintptr_t pc, struct symbols_answer *ret);

#endif
