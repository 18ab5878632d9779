/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks sshcert_from_line(), sshcert_from_blob(), sshcert_public_blob() and
 * sshwire_check_key_line(). What does not begin like a line of text is a blob.
 */
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_cert(const struct sshcert *c)
{
    CLEANUP(buf_release) struct buf key = BUF_INIT(c->blob.len);
    CLEANUP(buf_release) struct buf line = BUF_INIT(4 * c->blob.len);
    CLEANUP(sshcert_freep) struct sshcert *again = NULL;
    fuzz_check(c->critical.names.len == c->critical.values.len &&
                   c->extensions.names.len == c->extensions.values.len,
               "options have as many values as names");
    fuzz_check(strlen(c->key_id) < c->blob.len, "a key id is part of its certificate");
    (void)sshcert_option(&c->extensions, "permit-pty");
    fuzz_must(sshcert_public_blob(c, &key));
    fuzz_must(sshwire_format_line(buf_bytes(&c->blob), &line));
    if (line.len <= SSHWIRE_LINE_MAX)
        fuzz_must(sshcert_from_line(buf_bytes(&line), &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(sshcert_freep) struct sshcert *c = NULL;
    struct bytes in = {data, size};
    if (size > 0 && data[0] == '\0') {
        if (fuzz_is_accepted(sshcert_from_blob(in, &c)))
            check_cert(c);
        return 0;
    }
    fuzz_is_accepted(sshwire_check_key_line(in));
    if (fuzz_is_accepted(sshcert_from_line(in, &c)))
        check_cert(c);
    return 0;
}
