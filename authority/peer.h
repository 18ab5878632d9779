/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_PEER_H
#define TBOT_AUTHORITY_PEER_H

/* Who is at the other end of a connection, by the certificate shown in its handshake. */

#include "identity/pki/subject.h"

struct peer {
    bool is_known; /* false: no certificate was shown */
    struct subject_texts texts;
    struct subject subject;
};

/* `cert` NULL: nobody. ERR_CRYPTO for a certificate that names no user. */
RESULT peer_of_cert(const X509 *cert, struct peer *ret);
void peer_release(struct peer *p);

#endif
