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

static void attack_items(struct bytes text)
{
    CLEANUP(strlist_release) struct strlist items = {0};
    CLEANUP(buf_release) struct buf joined = BUF_INIT(text.len + 1);
    CLEANUP(strlist_release) struct strlist again = {0};
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = NULL;
    if (!fuzz_is_accepted(bundle_split_items(text, &items)))
        return;
    fuzz_must(bundle_join_items(&items, &joined));
    fuzz_must(bundle_split_items(buf_bytes(&joined), &again));
    fuzz_check(items.len == again.len, "items are split as they were joined");
    fuzz_is_accepted(bundle_from_pems(&items, &certs));
}

static void attack_credentials(struct key *key, struct bytes rest)
{
    struct credentials_parts parts = {.key = key};
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    parts.tls_cert = fuzz_take_part(&rest, '\0');
    parts.ssh_cert = fuzz_take_part(&rest, '\0');
    struct bytes tls_items = fuzz_take_part(&rest, '\0');
    attack_items(tls_items);
    attack_items(rest);
    if (!fuzz_is_accepted(bundle_split_items(tls_items, &tls_cas)) ||
        !fuzz_is_accepted(bundle_split_items(rest, &ssh_cas)))
        return;
    parts.tls_cas = &tls_cas;
    parts.ssh_cas = &ssh_cas;
    if (fuzz_is_accepted(credentials_new(&parts, &c)))
        (void)credentials_expired(c, (struct wall){0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data, size};
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(key_freep) struct key *again = NULL;
    CLEANUP(secret_freep) struct secret *pem = NULL;
    if (!fuzz_is_accepted(key_from_pem(fuzz_take_part(&rest, '\0'), &key)))
        return 0;
    fuzz_must(key_to_pem(key, &pem));
    fuzz_must(key_from_pem(secret_bytes(pem), &again));
    fuzz_check(key_equals(key, again), "a key is read as it was written");
    attack_credentials(key, rest);
    return 0;
}
