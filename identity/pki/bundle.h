/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_BUNDLE_H
#define TBOT_IDENTITY_PKI_BUNDLE_H

/*
 * Sets of CA certificates, and the list form Teleport's storage keeps them in.
 *
 * A bundle is OpenSSL's list of X509, freed with CLEANUP(x509_stack_freep); each certificate is in
 * it once. Errors are ERR_CRYPTO.
 */

#include "base/strlist.h"

struct stack_st_X509;

/* Every certificate of every PEM text, without repetitions. An empty list gives an empty bundle. */
RESULT bundle_from_pems(const struct strlist *pems, struct stack_st_X509 **ret);

/* Adds the certificates of `from` that are not in `to` yet. */
RESULT bundle_add(struct stack_st_X509 *to, struct stack_st_X509 *from);

/* Adds all, one PEM block behind the other: a CA file. */
RESULT bundle_to_pem(struct stack_st_X509 *certs, struct buf *out);

/*
 * The form of the files `tlscacerts` and `sshcacerts`: items with a single '$' between them. An
 * item with a '$' in it is refused. Splitting leaves out empty items; surrounding white space
 * stays.
 */
RESULT bundle_join_items(const struct strlist *items, struct buf *out);
RESULT bundle_split_items(struct bytes text, struct strlist *out);

#endif
