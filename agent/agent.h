/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_AGENT_H
#define TBOT_AGENT_AGENT_H

/*
 * The whole agent: storage, the connection to the cluster, the bot's identity, the outputs, and the
 * loop that drives them. agent_run() is the life of the process.
 *
 *     loop_block_signals();          before any thread exists
 *     TRY(agent_run(&setup));
 *
 * SIGTERM and SIGINT stop it: what is under way is cancelled, but for the reply of a join or a renewal,
 * which is worth ten seconds; a second signal waits for nothing. SIGHUP reads the configuration again, SIGUSR1 renews everything now.
 * Work that hangs in the kernel does not hold a stop up: the process then ends beside it, with 1.
 *
 * An outage of the cluster ends it only as `startup` and `give_up_after` of the configuration say. While
 * one lasts the files in place serve, outputs wait, and everything is renewed soon after its end.
 *
 * An output whose destination cannot be written is told of and tried again, beside the others. It
 * ends the run only where the configuration is wrong, or where a first start has no other output.
 */

#include "agent/config.h"
#include "agent/reload_judge.h"
#include "agent/sandbox.h"
#include "base/entropy.h"
#include "base/notify_socket.h"
#include "diag/core/log.h"

struct hooks;

struct agent_setup {
    const struct config *config;   /* validated */
    struct reload_source reload;   /* where another comes from */
    const struct sandbox *sandbox; /* that we are in; NULL: in none */
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    const struct notify_socket *manager; /* to whom it tells how it goes */
    struct hooks *hooks;                 /* as hooks_start() gave them; ended here */
    const char *version;                 /* of this program, for diagnostics */
    const char *revision;                /* of its source; NULL: not known */
};

/*
 * Runs until stopped; with `oneshot` until every output was tried once. NULL for an orderly end; an
 * error when the first start cannot succeed, when one pass failed, when the cluster was away for as long
 * as it may be, when a second signal came, or when something here is wrong.
 */
RESULT agent_run(const struct agent_setup *setup);

#endif
