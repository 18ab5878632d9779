/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/inputs.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

#define FILE_MAX (1024 * 1024)

char *inputs_read(const char *path)
{
    FILE *in = fopen(path, "re");
    if (!in)
        fail_msg("cannot read '%s'", path);
    char *text = calloc(1, FILE_MAX);
    assert_non_null(text);
    size_t len = fread(text, 1, FILE_MAX - 1, in);
    assert_true(len > 0 && len < FILE_MAX - 1);
    assert_int_equal(fclose(in), 0);
    return text;
}

static uint8_t *copy_of(struct bytes input, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, input.data, len);
    return copy;
}

void inputs_truncate(struct bytes input, inputs_check check, void *arg)
{
    for (size_t len = 0; len < input.len; len++) {
        CLEANUP(freep) uint8_t *copy = copy_of(input, len);
        check((struct bytes){copy, len}, len, arg);
    }
}

void inputs_flip_bits(struct bytes input, size_t stride, inputs_check check, void *arg)
{
    for (size_t bit = 0; bit < 8 * input.len; bit += stride) {
        CLEANUP(freep) uint8_t *copy = copy_of(input, input.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check((struct bytes){copy, input.len}, bit / 8, arg);
    }
}
