/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_TRUST_H
#define TBOT_TRANSPORT_TRUST_H

/*
 * What vouches for an auth server whose CA we do not know, or no longer do: CA pins, or a file of CA
 * certificates. A first join begins with it, and so does a bot whose cluster has replaced its CAs while
 * nobody listened.
 *
 *     CLEANUP(trust_release) struct trust t = {0};
 *     TRY(trust_load(pins, path, &t));
 *     TRY(trust_ask(&t, &door, ctx, &roots));    now dial again, verified with `roots`
 *
 * Nothing here lowers verification: what is fetched from a server that nobody has verified is public,
 * is asked for without a secret, and counts only if pins vouch for every certificate of it.
 */

#include "base/ctx.h"
#include "identity/pki/credentials.h"
#include "identity/pki/pin.h"
#include "transport/route.h"

struct trust {
    struct pin *pins;
    size_t n_pins;
    struct stack_st_X509 *roots; /* of the file; NULL: none */
};

/*
 * `ca_pins` ("sha256:…") and `ca_path` may be NULL or empty; pins win. ERR_CONFIG for what cannot be
 * read.
 */
RESULT trust_load(const struct strlist *ca_pins, const char *ca_path, struct trust *ret);
void trust_release(struct trust *t);

/* Something vouches. */
bool trust_is_given(const struct trust *t);

/* Where an auth server is reached by somebody without credentials. All borrowed. */
struct trust_door {
    const struct address *address;
    enum route route;
    const char *cluster;         /* NULL: not known; for ROUTE_DIRECT only */
    struct stack_st_X509 *roots; /* to verify it with; NULL: not at all */
};

/* A stream to a struct trust_door, ALPN h2, on which we are nobody: a channel's `dial`. */
struct err *trust_dial(void *door, struct credentials *creds, const struct ctx *ctx,
                       struct tls **ret);

/*
 * The CAs to verify the server with, the caller's: those of the file, or with pins those it shows,
 * every one pinned and in its time. `roots` of the door play no part. ERR_UNTRUSTED when a CA that is
 * shown has no pin.
 */
RESULT trust_ask(const struct trust *t, const struct trust_door *door, const struct ctx *ctx,
                 struct stack_st_X509 **ret);

#endif
