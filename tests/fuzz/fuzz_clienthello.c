/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks clienthello_parse(), which looks at a connection's first bytes as they arrive: what it
 * says of a beginning must fit with what it says of the whole.
 */
#include "authority/clienthello.h"
#include "tests/fuzz/fuzz.h"

static enum clienthello_status parse(struct bytes in)
{
    CLEANUP(strlist_release) struct strlist alpn = {0};
    return clienthello_parse(in, &alpn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes whole = {data, size < CLIENTHELLO_MAX ? size : CLIENTHELLO_MAX};
    struct bytes half = {data, whole.len / 2};
    enum clienthello_status first = parse(half), then = parse(whole);
    fuzz_check(first == CLIENTHELLO_MORE || first == then, "more bytes do not change a verdict");
    return 0;
}
