/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_KEY_DECODE_H
#define TBOT_IDENTITY_PKI_KEY_DECODE_H

/* Private keys from PEM, before anybody has asked of what kind they are: for identity/pki alone. */

#include "base/buf.h"

#include <openssl/types.h>

/*
 * PKCS#1 `RSA PRIVATE KEY`, SEC1 `EC PRIVATE KEY` or PKCS#8 `PRIVATE KEY`, not encrypted; the parameters
 * that some tools write before an EC key are skipped. ERR_CRYPTO.
 */
RESULT key_decode_pem(struct bytes pem, EVP_PKEY **ret);

#endif
