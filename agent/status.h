/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_STATUS_H
#define TBOT_AGENT_STATUS_H

/*
 * What the agent tells of itself: gathers diag/report.h from its parts whenever the diagnostics server
 * or the metrics ask.
 *
 *     TRY(status_new(&config, &s));        when all parts are there
 *     diagnostics_report(d, status_reporter(s));
 *
 * A reload changes what there is to tell of, in two steps: the first may fail, the second not.
 *
 *     TRY(status_prepare(s, &parts));
 *     status_change(s);
 *
 * Threads: the loop's.
 */

#include "agent/cluster.h"
#include "agent/connection_service.h"
#include "agent/identity_service.h"
#include "agent/output_service.h"
#include "agent/reload.h"
#include "agent/reload_outcome.h"
#include "agent/sandbox.h"
#include "diag/report.h"

struct status;

/* Borrowed, until others are in their place. */
struct status_parts {
    const struct config *config;
    struct output_service *const *outputs;
    size_t n_outputs;
};

/* Everything is borrowed and outlives the status. */
struct status_config {
    struct status_parts parts;
    const struct reload *reload;          /* how often the configuration was read again */
    const struct reload_outcome *outcome; /* of the last time */
    const struct sandbox *sandbox;        /* NULL: none */
    const char *version, *revision;       /* of this program; NULL: not known */
    struct loop *loop;
    const struct clock *clock;
    struct log *log;
    struct pool *workers;
    struct cluster *cluster;
    const struct connection_service *connection;
    const struct identity_service *identity;
    struct hooks *hooks;        /* or NULL */
    void (*changed)(void *arg); /* something took time to find out, and is known now */
    void *arg;
};

RESULT status_new(const struct status_config *config, struct status **ret);
void status_free(struct status *s); /* accepts NULL; no worker may be running */
DEFINE_FREEP(status)

/* Makes room for what other parts have to tell; status_change() then tells of them. */
RESULT status_prepare(struct status *s, const struct status_parts *parts);
void status_change(struct status *s);

struct diag_reporter status_reporter(struct status *s);

#endif
