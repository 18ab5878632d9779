/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_REMOTE_H
#define TBOT_IDENTITY_REMOTE_H

/*
 * What the renewer asks of the cluster, as an interface: agent/ fills it in with the transport,
 * tests with a model of a cluster. Every function blocks, honours `ctx`, and may be called from any
 * one worker at a time.
 */

#include "base/ctx.h"
#include "identity/pki/credentials.h"

struct remote {
    /*
     * Joins with the configured token and a fresh key. Consumes the token if it is of single use,
     * possibly also when it fails: what cancels `ctx` ends what comes before the request with the
     * token, what cancels `patient` the request.
     */
    struct err *(*join)(struct remote *r, struct dur ttl, const struct ctx *ctx,
                        const struct ctx *patient, struct credentials **ret);

    /*
     * The key kind the cluster asks for, as `Ping` tells on a connection that presents `creds`.
     * Nothing that follows depends on an older answer.
     */
    struct err *(*key_kind)(struct remote *r, struct credentials *creds, const struct ctx *ctx,
                            enum key_kind *ret);

    /*
     * Asks for the next generation of `creds`, over a connection that presents them, for `key`.
     * *ret_written is set once the request may have left this process; it is valid also on error.
     */
    struct err *(*renew)(struct remote *r, struct credentials *creds, struct key *key,
                         struct dur ttl, const struct ctx *ctx, bool *ret_written,
                         struct credentials **ret);

    /* The bot's own generation as the cluster knows it (`GetCurrentUser`). Changes nothing. */
    struct err *(*read_generation)(struct remote *r, struct credentials *creds,
                                   const struct ctx *ctx, int64_t *ret);
};

#endif
