/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

static void die(const char *what, struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    fprintf(stderr, "fuzz: %s%s%s\n", what, e ? ": " : "", e ? text : "");
    abort();
}

bool fuzz_is_accepted(struct err *e)
{
    if (!e)
        return true;
    if (err_code(e) == ERR_OK || err_code(e) == ERR_BUG || err_code(e) == ERR_NOMEM)
        die("an error of our own making", e);
    CLEANUP(freep) char *text = err_text(e);
    if (!text || !*text)
        die("an error without a text", e);
    err_free(e);
    return false;
}

void fuzz_must(struct err *e)
{
    if (e)
        die("what was accepted is refused later", e);
}

void fuzz_check(bool is_so, const char *promise)
{
    if (!is_so)
        die(promise, NULL);
}

void fuzz_same(struct bytes a, struct bytes b, const char *promise)
{
    fuzz_check(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0), promise);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t len = nul ? (size_t)(nul - data) : size;
    char *text = malloc(len + 1);
    if (!text)
        die("out of memory", NULL);
    if (len > 0)
        memcpy(text, data, len);
    text[len] = '\0';
    return text;
}

struct bytes fuzz_take_part(struct bytes *rest, uint8_t separator)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    struct bytes part = {rest->data, len};
    size_t taken = len + (end ? 1 : 0);
    *rest = taken > 0 ? (struct bytes){rest->data + taken, rest->len - taken} : *rest;
    return part;
}

uint8_t fuzz_take_byte(struct bytes *rest)
{
    if (rest->len == 0)
        return 0;
    uint8_t first = *rest->data;
    *rest = (struct bytes){rest->data + 1, rest->len - 1};
    return first;
}
