/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/gzip.h"

#include <limits.h>
#include <zlib.h>

/* In zlib's arithmetic: 32 kB of window, and 16 more for gzip's head and tail around it. */
#define WINDOW_BITS (15 + 16)
#define MEMORY_LEVEL 8 /* its default */

static struct err *deflate_all(z_stream *z, struct bytes in, struct buf *out)
{
    uint8_t *at = NULL;
    uLong room = deflateBound(z, in.len);
    if (in.len > UINT_MAX || room > UINT_MAX)
        return err_new(ERR_REJECTED, "compressing %zu bytes: too large", in.len);
    TRY(buf_reserve(out, room, &at));
    z->next_in = (Bytef *)(uintptr_t)in.data; /* it only reads, but does not say so */
    z->avail_in = (uInt)in.len;
    z->next_out = at;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return err_new(ERR_BUG, "compressing %zu bytes: zlib wants more room than it said", in.len);
    buf_commit(out, room - z->avail_out);
    return NULL;
}

RESULT gzip_pack(struct bytes in, struct buf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return err_nomem();
    struct err *e = deflate_all(&z, in, out);
    deflateEnd(&z);
    return e;
}
