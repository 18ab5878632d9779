/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_JOINING_H
#define TBOT_AUTHORITY_JOINING_H

/* A join whose keys come as text: by gRPC's RegisterUsingToken and by HTTP. */

#include "authority/authority.h"

struct joining {
    const char *token;
    const char *id_token; /* as in struct authority_join */
    const char *role;
    struct bytes ssh_key; /* authorized_keys line */
    struct bytes tls_key; /* PEM; up to version 16 the SSH key is taken for both */
    struct wall expires;
};

RESULT joining_with_text_keys(struct authority *a, const struct joining *joining,
                              struct certs *ret);

#endif
