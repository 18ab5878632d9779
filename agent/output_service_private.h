/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_SERVICE_PRIVATE_H
#define TBOT_AGENT_OUTPUT_SERVICE_PRIVATE_H

/* What the files output_service*.c share: the work, and what is said of it. */

#include "agent/cycle_metrics.h"
#include "agent/job_cancel.h"
#include "agent/output_service.h"
#include "agent/service_job.h"

struct output_service {
    struct output_service_config c;
    struct destination *destination;
    struct cycle cycle;
    struct cycle_metrics counted;
    struct loop_timer timer;
    bool prepared, started, stopping, said_in_place;
    bool retired, discards; /* it is gone; its copy in the storage has to go */

    /* What is in the destination. */
    bool has_files, said_expired;
    struct validity files;
    struct credential_facts facts;

    /* The job under way; a worker's until its `done`. */
    struct service_job job;
    struct job_cancel cancel;
    struct ctx ctx;
    struct destination_report prepared_report;
    struct output_job_result result;
    struct err *error;
};

/* A job of one that is retired has ended. */
void output_service_retired_done(struct output_service *s);

/* The job's outcome was made use of. */
void output_service_clear_outcome(struct output_service *s);

/* The files in place are valid. */
bool output_service_serves(const struct output_service *s);

/* Says what is in `report` and empties it. */
void output_service_say_report(struct output_service *s, struct destination_report *report);

/* What an earlier run left. */
void output_service_say_found(const struct output_service *s, const char *cluster);

/* How the job ended: `error` or `result`; told to diag/core/health.h too. */
void output_service_say_outcome(struct output_service *s);

/* Its renewal fell due while the cluster was away; the files in place have just ended. Once each. */
void output_service_say_lapse(const struct output_service *s);
void output_service_say_expired(struct output_service *s);

/* When it goes on. */
void output_service_report_plan(const struct output_service *s, struct now now);

#endif
