/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOKS_H
#define TBOT_AGENT_HOOKS_H

/*
 * Hooks: consumers of an output are told that its files have changed, by a command or by a signal
 * (`reload` of a service). The agent decides when (agent/hook_plan.h), a helper process does it
 * (agent/hook_helper.h), because what a command needs is not what the agent may do once its sandbox is
 * closed.
 *
 *     TRY(hooks_start(&setup, &hooks));       single-threaded, before the sandbox: forks the helper
 *     hooks_attach(hooks, &use);              when there is a loop
 *     hooks_run(hooks, "web", files);         each time an output was written
 *     hooks_stop(hooks);                      begins nothing more; busy until the helper has gone
 *     hooks_end(hooks);                       before the loop goes
 *     hooks_free(hooks);
 *
 * The helper runs what was in the configuration when it was forked, by number: nobody who takes the
 * agent over can have anything else run. So a configuration with other hooks needs a restart:
 * hooks_same().
 *
 * A hook that fails is told in the log, in the report and the metrics, and tried again; nothing else
 * follows from it: files are in place, credentials serve. Without its helper the agent goes on too, and
 * every hook fails visibly.
 *
 * A reload may take a hook away, and bring it back: hooks_adopt(). One that is away is not begun, told of or
 * counted.
 *
 * Every function but hooks_start() and hooks_same() takes NULL: no hooks. Threads: the loop's.
 */

#include "agent/config.h"
#include "base/entropy.h"
#include "base/loop.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"
#include "diag/report.h"

struct hooks;

struct hooks_setup {
    const struct config *config; /* validated */
    const struct clock *clock;
    struct log *log;
    /* Called in the helper: frees the configuration, and what else is secret. */
    void (*forget)(void *arg);
    void *arg;
};

/*
 * *ret is NULL where no service has a hook. A program that cannot be run, and a helper that cannot be
 * forked, are warned of. ERR_STORAGE, ERR_NOMEM.
 */
RESULT hooks_start(const struct hooks_setup *setup, struct hooks **ret);
void hooks_free(struct hooks *h);
DEFINE_FREEP(hooks)

/* Borrowed until hooks_end(). */
struct hooks_use {
    struct loop *loop;
    const struct entropy *entropy;
    struct metrics *metrics;
    void (*changed)(void *arg); /* a run began or ended, or the helper has */
    void *arg;
};

RESULT hooks_attach(struct hooks *h, const struct hooks_use *use);

/* `service` has written its files, `changed` of which are other than before: 0 is no news for anybody. */
void hooks_run(struct hooks *h, const char *service, unsigned changed);

/* What runs gets a moment and is killed then. */
void hooks_stop(struct hooks *h);

/* Some hook runs or will; after hooks_stop(): the helper is still there. */
bool hooks_is_busy(const struct hooks *h);

/* Stops, and waits for the end of the helper, which is a matter of seconds at most. */
void hooks_end(struct hooks *h);

/* How each hook stands, borrowed until the next call. */
const struct diag_hook *hooks_report(struct hooks *h, struct now now, size_t *ret_len);

/*
 * Whether the helper of an agent that runs `running` can serve `next`: every hook of it is there, for
 * the same service and destination. Pure. On false *ret_service names the first that is not, borrowed
 * from `next`.
 */
bool hooks_same(const struct config *running, const struct config *next, const char **ret_service);

/*
 * `config`, of which hooks_same() is true, is in force from now on: what it lacks is not begun any more. What
 * runs may end.
 */
void hooks_adopt(struct hooks *h, const struct config *config);

#endif
