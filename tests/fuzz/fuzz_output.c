/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks output_identity_read(): an output's `identity` file, read back after a restart. */
#include "agent/output_files.h"
#include "agent/output_identity.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* What was accepted is written as an output writes it, and is the same when it is read once more. */
static void write_and_read(const struct credentials *creds)
{
    CLEANUP(output_files_release) struct output_files files = {0};
    CLEANUP(secret_freep) struct secret *text = NULL;
    CLEANUP(credentials_freep) struct credentials *again = NULL;
    fuzz_must(output_files_add_identity(&files, creds, "example"));
    struct bytes written = files.items[0].content;
    fuzz_must(secret_new(written.data, written.len, &text));
    fuzz_must(output_identity_read(text, &again));
    fuzz_check(key_equals(credentials_key(creds), credentials_key(again)), "the key is the same");
    fuzz_check(strcmp(credentials_tls_pem(creds), credentials_tls_pem(again)) == 0,
               "the TLS certificate is the same");
    fuzz_check(strcmp(credentials_ssh_line(creds), credentials_ssh_line(again)) == 0,
               "the SSH certificate is the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    fuzz_must(secret_new(data, size, &text));
    if (fuzz_is_accepted(output_identity_read(text, &creds)))
        write_and_read(creds);
    return 0;
}
