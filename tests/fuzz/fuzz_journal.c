/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks store_journal_decode(): the renewal journal on disk. The input is the journal without the
 * line of its sum, which is put behind it: no fuzzer finds a SHA-256.
 */
#include "identity/store_journal.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static RESULT with_sum(struct bytes body, struct buf *out)
{
    char sum[SHA256_HEX_SIZE];
    TRY(sha256_hex(body, sum));
    TRY(buf_add(out, body.data, body.len));
    return buf_printf(out, "sha256 %s\n", sum);
}

static void check_round_trip(const struct store_journal *j)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    CLEANUP(store_journal_release) struct store_journal again = {0};
    fuzz_must(store_journal_encode(j, &text));
    fuzz_must(store_journal_decode(secret_bytes(text), &again));
    fuzz_check(j->generation == again.generation && j->started.ns == again.started.ns &&
                   strcmp(j->base, again.base) == 0 && strcmp(j->tokenhash, again.tokenhash) == 0 &&
                   !j->creds == !again.creds,
               "a journal is read as it was written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(STORE_JOURNAL_MAX);
    CLEANUP(store_journal_release) struct store_journal raw = {0};
    CLEANUP(store_journal_release) struct store_journal j = {0};
    fuzz_is_accepted(store_journal_decode((struct bytes){data, size}, &raw));
    if (fuzz_is_accepted(with_sum((struct bytes){data, size}, &text)) &&
        fuzz_is_accepted(store_journal_decode(buf_bytes(&text), &j)))
        check_round_trip(&j);
    return 0;
}
