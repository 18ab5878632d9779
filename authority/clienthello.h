/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CLIENTHELLO_H
#define TBOT_AUTHORITY_CLIENTHELLO_H

/*
 * Reads what a TLS client asks for before anybody answers it (RFC 8446 4.1.2): a proxy with one port
 * for everything decides by the ALPN list (RFC 7301) whose connection it is.
 *
 * Pure: it is given the bytes seen so far, which stay in the socket (MSG_PEEK).
 */

#include "base/strlist.h"

/* More than this is no ClientHello. */
#define CLIENTHELLO_MAX (64 * 1024)

enum clienthello_status {
    CLIENTHELLO_DONE,
    CLIENTHELLO_MORE,    /* cut: look again when there is more */
    CLIENTHELLO_NOT_TLS, /* whatever comes, it will not become one */
};

/* On CLIENTHELLO_DONE *ret_alpn, which was empty, has the client's list in its order. */
enum clienthello_status clienthello_parse(struct bytes in, struct strlist *ret_alpn);

#endif
