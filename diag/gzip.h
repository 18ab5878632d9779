/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_GZIP_H
#define TBOT_DIAG_GZIP_H

/* The one door to zlib: bytes to the gzip format (RFC 1952), for Content-Encoding and for profiles. Pure. */

#include "base/buf.h"

/*
 * Adds `in`, compressed, to `out`. At zlib's quickest level: the loop waits for it, and the text of
 * metrics shrinks to a tenth already. ERR_NOMEM, or ERR_REJECTED for more than `out` takes.
 */
RESULT gzip_pack(struct bytes in, struct buf *out);

#endif
