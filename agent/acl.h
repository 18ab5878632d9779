/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_ACL_H
#define TBOT_AGENT_ACL_H

/*
 * POSIX ACLs: who besides us may read what we write.
 *
 *     TRY(acl_readers_resolve(config->readers, config->n_readers, &readers));
 *     TRY(acl_build(&readers, ACL_FOR_FILE, &acl));
 *     TRY(acl_ensure(fd, buf_bytes(&acl), &changed));
 *
 * The rule is one: the owner reads and writes, every named reader reads (in directories: lists and
 * enters), nobody else gets anything. An ACL is kept as the bytes of the extended attribute
 * `system.posix_acl_access`, form 2 of the kernel (linux/posix_acl_xattr.h): little-endian, a
 * version and eight bytes per entry. We make and compare whole attributes, so the few lines here
 * take the place of a library.
 *
 * Errors: ERR_CONFIG for readers that do not exist, ERR_STORAGE for what the filesystem refuses.
 * Threads: no state.
 */

#include "agent/config.h"
#include "base/buf.h"

#include <stdint.h>

#define ACL_MAX_READERS 64
#define ACL_MAX_SIZE 4096 /* of one attribute that is read */

struct acl_reader {
    bool is_group;
    uint32_t id;
};

/* Sorted, users first, none twice. Zero-initialised is empty. */
struct acl_readers {
    struct acl_reader *items;
    size_t len;
};

/*
 * Turns names into numbers through the system's user database. A name of digits only is a number
 * and need not exist there: the bot may run in a container that knows fewer users than its host.
 */
RESULT acl_readers_resolve(const struct config_reader *names, size_t n, struct acl_readers *ret);
void acl_readers_release(struct acl_readers *r);

enum acl_kind {
    ACL_FOR_FILE,
    ACL_FOR_DIRECTORY,
};

/* Appends the attribute that gives `readers` their right. */
RESULT acl_build(const struct acl_readers *readers, enum acl_kind kind, struct buf *ret);

/* What `fd` (not O_PATH) carries; nothing is appended when it has only the usual mode bits. */
RESULT acl_get(int fd, struct buf *ret);

/* Sets `acl` unless `fd` carries it already. */
RESULT acl_ensure(int fd, struct bytes acl, bool *ret_changed);

/*
 * Appends a form for people, "user::rw-,user:1000:r--,group::---,mask::r--,other::---".
 * ERR_STORAGE when the bytes are no ACL of form 2.
 */
RESULT acl_print(struct bytes acl, struct buf *ret);

#endif
