/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JOIN_TRUST_H
#define TBOT_TRANSPORT_JOIN_TRUST_H

/*
 * What vouches for an auth server that we do not know yet: CA pins, or a file with its CA.
 */

#include "base/strlist.h"
#include "identity/pki/pin.h"
#include "transport/channel.h"

/* Several pins. Zero-initialised: none. */
struct join_pins {
    struct pin *items;
    size_t len;
};
void join_pins_release(struct join_pins *pins);

/* Fills an empty *ret. ERR_CONFIG for a text that is no pin. */
RESULT join_trust_pins(const struct strlist *texts, struct join_pins *ret);

/*
 * The certificates of a PEM file, at least one; the caller frees them (x509_stack_freep()). ERR_CONFIG,
 * whatever the reason: a setting is wrong. Go tbot joins unverified when the file is missing, which is
 * what the setting was made to prevent.
 */
RESULT join_trust_file(const char *path, struct stack_st_X509 **ret);

/*
 * Asks over `ch`, which may lead to anybody, for the cluster's CA, and gives it if the pins vouch for
 * it. ERR_UNTRUSTED when they do not, ERR_EXPIRED for a CA out of its time.
 */
RESULT join_trust_fetch(struct channel *ch, const struct join_pins *pins, const struct ctx *ctx,
                        struct stack_st_X509 **ret);

#endif
