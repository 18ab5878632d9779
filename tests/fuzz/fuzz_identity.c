/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks key_from_pem(), bundle_split_items(), bundle_from_pems() and credentials_new(): the files
 * of a stored identity. The input is key, TLS certificate, SSH certificate, TLS CAs and SSH CAs,
 * with a NUL byte between them.
 */
#include "identity/pki/bundle.h"
#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "tests/fuzz/fuzz.h"

/* What it accepts is left in `items`. */
static void attack_items(struct bytes text, struct strlist *items)
{
    CLEANUP(buf_release) struct buf joined = BUF_INIT(text.len + 1);
    CLEANUP(strlist_release) struct strlist again = {0};
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = NULL;
    if (!fuzz_is_accepted(bundle_split_items(text, items)))
        return;
    fuzz_must(bundle_join_items(items, &joined));
    fuzz_must(bundle_split_items(buf_bytes(&joined), &again));
    fuzz_check(items->len == again.len, "items are split as they were joined");
    fuzz_is_accepted(bundle_from_pems(items, &certs));
}

static void attack_credentials(struct bytes key_pem, struct credentials_parts *parts)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(key_freep) struct key *again = NULL;
    CLEANUP(secret_freep) struct secret *pem = NULL;
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    if (!fuzz_is_accepted(key_from_pem(key_pem, &key)))
        return;
    fuzz_must(key_to_pem(key, &pem));
    fuzz_must(key_from_pem(secret_bytes(pem), &again));
    fuzz_check(key_equals(key, again), "a key is read as it was written");
    parts->key = key;
    if (fuzz_is_accepted(credentials_new(parts, &c)))
        (void)credentials_expired(c, (struct wall){0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data, size};
    struct credentials_parts parts = {0};
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    struct bytes key_pem = fuzz_take_part(&rest, '\0');
    parts.tls_cert = fuzz_take_part(&rest, '\0');
    parts.ssh_cert = fuzz_take_part(&rest, '\0');
    attack_items(fuzz_take_part(&rest, '\0'), &tls_cas);
    attack_items(rest, &ssh_cas);
    parts.tls_cas = &tls_cas;
    parts.ssh_cas = &ssh_cas;
    attack_credentials(key_pem, &parts);
    return 0;
}
