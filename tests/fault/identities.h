/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAULT_IDENTITIES_H
#define TBOT_TESTS_FAULT_IDENTITIES_H

/* Identities for the walks, made once per program; their keys are known as secrets to the walk. */

#include "tests/support/pki_fixture.h"

#define TOKEN_HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The n-th generation, from 1, each issued a minute after the one before, with a key of its own.
 * Borrowed. */
#define IDENTITIES_MAX 3
struct credentials *identity(int64_t generation);

/* Makes them all; to be called before a walk begins. They go at the program's end. */
void identities_make(void);

#endif
