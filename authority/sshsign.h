/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_SSHSIGN_H
#define TBOT_AUTHORITY_SSHSIGN_H

/*
 * Makes OpenSSH user certificates (OpenSSH's PROTOCOL.certkeys).
 *
 * Errors: ERR_CRYPTO, for a key that cannot be certified as for a signature that failed.
 */

#include "base/clock.h"
#include "base/entropy.h"
#include "base/strlist.h"
#include "identity/pki/key.h"

/* `value` "": a flag, present without content. */
struct sshsign_extension {
    const char *name;
    const char *value;
};

struct sshsign_cert {
    struct bytes public_key; /* the SSH blob to certify */
    const char *key_id;
    const struct strlist *principals;
    struct wall valid_after;
    struct wall valid_before;
    const struct sshsign_extension *extensions; /* in any order: they are sorted when written */
    size_t n_extensions;
};

#define SSHSIGN_MAX_EXTENSIONS 32

/* The largest certificate we make. */
#define SSHSIGN_MAX (128 * 1024)

/* Adds the certificate in wire form. */
RESULT sshsign_user(const struct sshsign_cert *cert, const struct key *ca,
                    const struct entropy *entropy, struct buf *out);

#endif
