/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/tar_gz.h"

#define ZLIB_CONST /* next_in is only read */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 512
#define ARCHIVE_MAX ((size_t)256 * 1024 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for a gzip header */
#define MEMORY_LEVEL 8        /* zlib's default */

struct tar_gz {
    struct buf out;
    struct wall time;
    z_stream z;
};

/* The header of a file. Numbers are octal and end in a NUL. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linkname[100];
    char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

RESULT tar_gz_new(struct wall time, struct tar_gz **ret)
{
    CLEANUP(freep) struct tar_gz *t = calloc(1, sizeof(*t));
    if (!t)
        return err_nomem();
    t->out = BUF_INIT(ARCHIVE_MAX);
    t->time = time;
    if (deflateInit2(&t->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return err_nomem();
    *ret = TAKE(t);
    return NULL;
}

void tar_gz_free(struct tar_gz *t)
{
    if (!t)
        return;
    deflateEnd(&t->z);
    buf_release(&t->out);
    free(t);
}

static RESULT compress_some(struct tar_gz *t, struct bytes in, int flush)
{
    t->z.next_in = in.data;
    t->z.avail_in = (uInt)in.len;
    do {
        uint8_t *at = NULL;
        TRY(buf_reserve(&t->out, 4096, &at));
        t->z.next_out = at;
        t->z.avail_out = 4096;
        if (deflate(&t->z, flush) == Z_STREAM_ERROR)
            return err_new(ERR_BUG, "zlib: its state is broken");
        buf_commit(&t->out, 4096 - t->z.avail_out);
    } while (t->z.avail_out == 0);
    return NULL;
}

/* The sum of all bytes, with the field of the sum itself taken for blanks. */
static void set_checksum(struct header *h)
{
    unsigned sum = 0;
    memset(h->checksum, ' ', sizeof(h->checksum));
    for (size_t i = 0; i < sizeof(*h); i++)
        sum += ((const unsigned char *)h)[i];
    snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

RESULT tar_gz_add(struct tar_gz *t, const char *name, struct bytes content)
{
    static const uint8_t zeros[BLOCK];
    struct header h = {.mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0'};
    if (strlen(name) >= sizeof(h.name) || content.len > ARCHIVE_MAX)
        return err_new(ERR_BUG, "tar: '%s' has too long a name or content", name);
    memcpy(h.name, name, strlen(name));
    memcpy(h.magic, "ustar", sizeof(h.magic));
    memcpy(h.version, "00", sizeof(h.version));
    snprintf(h.size, sizeof(h.size), "%011zo", content.len);
    snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)wall_to_unix(t->time));
    set_checksum(&h);
    TRY(compress_some(t, (struct bytes){(const uint8_t *)&h, sizeof(h)}, Z_NO_FLUSH));
    TRY(compress_some(t, content, Z_NO_FLUSH));
    size_t rest = content.len % BLOCK;
    return rest ? compress_some(t, (struct bytes){zeros, BLOCK - rest}, Z_NO_FLUSH) : NULL;
}

/* Two blocks of zeros are the end of a tar. */
RESULT tar_gz_finish(struct tar_gz *t, struct bytes *ret)
{
    static const uint8_t zeros[2 * BLOCK];
    TRY(compress_some(t, (struct bytes){zeros, sizeof(zeros)}, Z_FINISH));
    *ret = buf_bytes(&t->out);
    return NULL;
}
