/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks pubkey_blob_of_line(), pubkey_of_blob(), pubkey_of_pem() and pubkey_of_der(): the keys
 * clients ask the authority to certify. The first byte tells the form.
 */
#include "authority/pubkey.h"
#include "identity/pki/ossl.h"
#include "tests/fuzz/fuzz.h"

static void attack_line(struct bytes in)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = NULL;
    if (fuzz_is_accepted(pubkey_blob_of_line(in, &blob)))
        fuzz_is_accepted(pubkey_of_blob(buf_bytes(&blob), &key));
}

static void attack(RESULT (*parse)(struct bytes in, EVP_PKEY **ret), struct bytes in)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = NULL;
    if (fuzz_is_accepted(parse(in, &key)))
        fuzz_check(key && EVP_PKEY_get_bits(key) >= 253, "a key that is accepted is one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    if (size == 0 || data[0] == '\0')
        attack(pubkey_of_blob, in);
    else if (data[0] == 0x30) /* SEQUENCE */
        attack(pubkey_of_der, in);
    else if (data[0] == '-')
        attack(pubkey_of_pem, in);
    else
        attack_line(in);
    return 0;
}
