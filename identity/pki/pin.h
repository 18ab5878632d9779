/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_PIN_H
#define TBOT_IDENTITY_PKI_PIN_H

/*
 * CA pins: "sha256:HEX" over the public key of a cluster's host CA. They make the first contact
 * trustworthy when no other root of trust is there yet.
 */

#include "base/buf.h"
#include "identity/pki/x509.h"

struct pin {
    uint8_t sha256[X509_SPKI_HASH_LEN];
};

/* ERR_CONFIG names the text and what is wrong with it. Hex digits may be of either case. */
RESULT pin_parse(const char *text, struct pin *ret);

#define PIN_TEXT_SIZE (sizeof("sha256:") + 2 * X509_SPKI_HASH_LEN)
char *pin_format(const struct pin *pin, char out[PIN_TEXT_SIZE]);

RESULT pin_of(const X509 *cert, struct pin *ret);

/*
 * Every certificate must match one of the pins, and there must be one: during a rotation the
 * cluster shows two CAs, and to accept the second because of the first would let anybody add
 * theirs. ERR_UNTRUSTED names the first CA without a pin, as a pin.
 */
RESULT pin_match(const struct pin *pins, size_t n_pins, struct stack_st_X509 *certs);

#endif
