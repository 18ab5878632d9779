/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_STORE_FILES_H
#define TBOT_IDENTITY_STORE_FILES_H

/*
 * An identity as the flat files of Go tbot's storage directory.
 *
 *     key           private key, PEM
 *     key.pub       its authorized_keys line
 *     tlscert       TLS certificate, PEM
 *     key-cert.pub  SSH certificate, one line
 *     tlscacerts    TLS CAs, PEM, joined with '$'
 *     sshcacerts    SSH CA lines, joined with '$'
 *     tokenhash     hex SHA-256 of the join token
 *
 * The oldest versions call the SSH certificate `sshcert`; it is read when the new name is not
 * there. An empty file counts as missing: Go tbot leaves such files behind when it is interrupted.
 */

#include "base/dir.h"
#include "base/encode.h"
#include "identity/pki/credentials.h"

/* No file of the storage directory may be longer. */
#define STORE_FILE_MAX (1024 * 1024)

/* See store_load(). */
RESULT store_files_load(struct dir *d, struct credentials **ret,
                        char ret_tokenhash[SHA256_HEX_SIZE]);

/* Replaces all files as one set. */
RESULT store_files_publish(struct dir *d, const struct credentials *creds, const char *tokenhash);

/* Which identity the files hold, whole or not: the SHA-256 of `tlscert`, "" when there is none. */
RESULT store_files_fingerprint(struct dir *d, char ret[SHA256_HEX_SIZE]);

/* What store_files_fingerprint() will give after `creds` was published. */
RESULT store_files_fingerprint_of(const struct credentials *creds, char ret[SHA256_HEX_SIZE]);

/* Whether `text` is "" or 64 lower-case hex digits. */
bool store_files_is_hash(const char *text);

#endif
