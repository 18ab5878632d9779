/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CREDENTIAL_COPIES_H
#define TBOT_AGENT_CREDENTIAL_COPIES_H

/*
 * Are the files of credentials still what was written? Somebody else may have changed or removed
 * them. A worker looks, when somebody wants to know and the last look is older than two seconds.
 *
 *     if (!credential_copies_look(c, views, n)) ...      a look is under way; `looked` will tell
 *     copy = credential_copies_get(c, &views[0], CREDENTIAL_X509, &seen_at);
 *
 * Files are only read, links to them followed, and nothing of what is in them is kept.
 *
 * Threads: the loop's.
 */

#include "agent/credential_facts.h"
#include "base/loop.h"
#include "base/pool.h"
#include "diag/core/log.h"
#include "diag/report.h"

struct credential_copies;

struct credential_copies_config {
    struct loop *loop;
    const struct clock *clock;
    struct pool *workers;
    struct log *log;
    void (*looked)(void *arg); /* a look has ended */
    void *arg;
};

RESULT credential_copies_new(const struct credential_copies_config *config,
                             struct credential_copies **ret);
void credential_copies_free(struct credential_copies *c); /* accepts NULL; no look may be running */
DEFINE_FREEP(credential_copies)

/*
 * True: the last look was just now, or none can be begun. False: a look at the files of `views`, or an
 * earlier one, is under way.
 */
bool credential_copies_look(struct credential_copies *c, const struct credential_view *views,
                            size_t n_views);

/*
 * What the last look saw of this certificate's file, and when. UNKNOWN: it was not looked at, or differs
 * while the service is about to write it.
 */
enum diag_copy credential_copies_get(const struct credential_copies *c,
                                     const struct credential_view *view, enum credential_kind kind,
                                     struct wall *ret_seen_at);

#endif
