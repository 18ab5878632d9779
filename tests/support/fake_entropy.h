/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAKE_ENTROPY_H
#define TBOT_TESTS_FAKE_ENTROPY_H

/*
 * Entropy that is the same for the same seed (splitmix64), or scripted.
 *
 *     struct fake_entropy dice;
 *     fake_entropy_init(&dice, 7);
 *     entropy_below(&dice.entropy, 10);
 *
 * While `script` has values left they are drawn instead, each filling up to eight bytes in the
 * machine's byte order: a test forces collisions and limits with it. Threads: one at a time.
 */

#include "base/entropy.h"

struct fake_entropy {
    struct entropy entropy; /* hand out the address of this */
    uint64_t state;
    const uint64_t *script; /* borrowed */
    size_t script_len;
};

void fake_entropy_init(struct fake_entropy *f, uint64_t seed);
void fake_entropy_script(struct fake_entropy *f, const uint64_t *values, size_t len);

#endif
