/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/peer.h"

RESULT peer_of_cert(const X509 *cert, struct peer *ret)
{
    *ret = (struct peer){.is_known = false};
    if (!cert)
        return NULL;
    struct err *e = subject_read(cert, &ret->texts, &ret->subject);
    if (e) {
        peer_release(ret);
        return err_wrap(e, "reading the client's certificate");
    }
    ret->is_known = true;
    return NULL;
}

void peer_release(struct peer *p)
{
    subject_release(&p->texts);
    *p = (struct peer){.is_known = false};
}
