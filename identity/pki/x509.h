/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_X509_H
#define TBOT_IDENTITY_PKI_X509_H

/*
 * X.509 certificates: from PEM and back, their times, serial number and names.
 *
 * Errors are ERR_CRYPTO unless said otherwise. A certificate is OpenSSL's X509; identity/pki/ossl.h
 * has the CLEANUP() helpers. Thread-safe for one certificate read by several threads.
 */

#include "base/clock.h"
#include "base/strlist.h"

#include <openssl/types.h>

struct stack_st_X509;

/* The longest PEM text, and the most certificates in one, that is read. */
#define X509_PEM_MAX (1024 * 1024)
#define X509_CERTS_MAX 256

/* A text with exactly one certificate. */
RESULT x509_from_pem(struct bytes pem, X509 **ret);

/* DER, and nothing behind it. */
RESULT x509_from_der(struct bytes der, X509 **ret);

/*
 * Adds every certificate of the text, at least one, to `into`; after an error some may have been
 * added. Text between the blocks is skipped, a block that is no certificate is refused.
 */
RESULT x509_all_from_pem(struct bytes pem, struct stack_st_X509 *into);

RESULT x509_to_pem(const X509 *cert, struct buf *out);

/* Times past what struct wall can hold read as WALL_NEVER. */
RESULT x509_validity(const X509 *cert, struct wall *ret_not_before, struct wall *ret_not_after);

/* ERR_EXPIRED when `now` is outside the validity; the message names the certificate and the bound.
 */
RESULT x509_check_time(const X509 *cert, struct wall now);

/* Lower-case hex, two digits per byte. Caller frees. */
RESULT x509_serial_hex(const X509 *cert, char **ret);

/*
 * Adds every value of an attribute (identity/pki/oid.h) in their order, as UTF-8. A value with a
 * NUL byte in it is refused: in C it would read as a shorter one.
 */
RESULT x509_name_values(const X509_NAME *name, const char *oid, struct strlist *out);

/* SHA-256 of the DER SubjectPublicKeyInfo: what a CA pin is. */
#define X509_SPKI_HASH_LEN 32
RESULT x509_spki_sha256(const X509 *cert, uint8_t out[X509_SPKI_HASH_LEN]);

/*
 * Whether the certificate was made out to `name`, exactly: one with "://" in it is a URI among the
 * alternative names (a SPIFFE ID), any other a DNS name there or a common name of the subject. The two
 * are kept apart so that whoever may choose a common name cannot make it read as somebody's URI.
 */
bool x509_is_made_out_to(const X509 *cert, const char *name);

/* The same without DNS names. Those of a cluster's CAs are what the machine asked for that joined. */
bool x509_is_of_subject(const X509 *cert, const char *name);

/* For messages: the subject on one line, cut where it is long. */
#define X509_NAME_TEXT_SIZE 128
char *x509_describe(const X509 *cert, char out[X509_NAME_TEXT_SIZE]);

#endif
