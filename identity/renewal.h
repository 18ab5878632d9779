/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_RENEWAL_H
#define TBOT_IDENTITY_RENEWAL_H

/*
 * The effects of the renewer's decisions: runs one of its jobs and reports how it went.
 *
 * The transaction of a renewal, in this order and no other:
 *
 *     1. `Ping` over a connection that presents the stored identity: which kind of key?
 *     2. the key, from the pool or made now
 *     3. the journal {generation, key}, durable, with space reserved for the reply
 *     4. the request; from here on only a stored reply closes the renewal
 *     5. the reply becomes durable; only then may anybody use it
 *
 * Where step 3 fails and the identity has little time left, it goes on with no more than a mark that
 * takes no space: an identity that expires for want of a disk serves nobody. Where step 5 fails the new identity lives on in memory,
 * and RENEWER_JOB_PERSIST tries again.
 *
 * Threads: one job at a time; it blocks, so on a worker.
 */

#include "diag/core/log.h"
#include "identity/pki/keypool.h"
#include "identity/remote.h"
#include "identity/renewer.h"
#include "identity/store.h"

struct renewal_env {
    struct store *store;
    struct remote *remote;
    struct keypool *keys;
    struct log *log;
};

struct renewal_input {
    enum renewer_job job;
    struct credentials *creds; /* the present identity; NULL only for a join */
    struct dur ttl;
    const char *tokenhash; /* of the configured token, "" without one */

    /* For everything but the request of step 4, or that of a join, which a stop must not cut off at
     * once. */
    const struct ctx *ctx;
    const struct ctx *patient_ctx;
};

struct renewal_outcome {
    struct renewer_event event; /* kind RENEWER_JOB_DONE */
    struct credentials *creds;  /* JOIN, RENEW with ERR_OK: the new identity */
    struct err *err; /* why event.code is not ERR_OK, or what did not hold up a success */
};

void renewal_outcome_release(struct renewal_outcome *o);

void renewal_run(const struct renewal_env *env, const struct renewal_input *in,
                 struct renewal_outcome *ret);

/* What the renewer needs to know of an identity. */
struct renewer_identity renewal_describe(const struct credentials *c);

#endif
