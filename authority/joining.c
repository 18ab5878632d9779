/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/joining.h"

#include "authority/pubkey.h"
#include "identity/pki/ossl.h"

RESULT joining_with_text_keys(struct authority *a, const struct joining *joining, struct certs *ret)
{
    CLEANUP(buf_release) struct buf ssh_key = BUF_INIT(PUBKEY_MAX);
    CLEANUP(evp_pkey_freep) EVP_PKEY *tls_key = NULL;
    TRY(pubkey_blob_of_line(joining->ssh_key, &ssh_key));
    if (authority_version(a) < 17)
        TRY(pubkey_of_blob(buf_bytes(&ssh_key), &tls_key));
    else
        TRY(pubkey_of_pem(joining->tls_key, &tls_key));
    const struct authority_join join = {.token = joining->token,
                                        .id_token = joining->id_token,
                                        .role = joining->role,
                                        .ssh_key = buf_bytes(&ssh_key),
                                        .tls_key = tls_key,
                                        .expires = joining->expires};
    return authority_join(a, &join, ret);
}
