/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_TAR_GZ_H
#define TBOT_CMD_TAR_GZ_H

/*
 * A .tar.gz in memory: POSIX ustar (IEEE Std 1003.1, pax) in gzip (RFC 1952), as every tar reads it.
 *
 *     CLEANUP(tar_gz_freep) struct tar_gz *archive = NULL;
 *     TRY(tar_gz_new(now, &archive));
 *     TRY(tar_gz_add(archive, "dump/status.json", text));
 *     TRY(tar_gz_finish(archive, &out));
 *
 * Files are 0600, of nobody in particular, of one time.
 */

#include "base/buf.h"
#include "base/clock.h"

struct tar_gz;

RESULT tar_gz_new(struct wall time, struct tar_gz **ret);
void tar_gz_free(struct tar_gz *t); /* accepts NULL */
DEFINE_FREEP(tar_gz)

/* `name` has fewer than 100 bytes: ERR_BUG. */
RESULT tar_gz_add(struct tar_gz *t, const char *name, struct bytes content);

/* The whole; nothing can be added any more. Borrowed, lives as long as `t`. */
RESULT tar_gz_finish(struct tar_gz *t, struct bytes *ret);

#endif
