/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_JOB_H
#define TBOT_AGENT_OUTPUT_JOB_H

/*
 * One renewal of an `identity` output: ask the cluster, build the files, publish them. And what the
 * last one of an earlier run has left. Both block, so on a worker; one at a time for each destination.
 */

#include "agent/cluster.h"
#include "agent/credential_facts.h"
#include "agent/destination.h"
#include "identity/schedule.h"

struct output_job {
    const struct config_service *service;
    struct dur ttl; /* its own, or the bot's */
    struct cluster *cluster;
    struct destination *destination;
    const char *bin; /* absolute path of this program, for ssh_config */
};

struct output_job_result {
    struct validity validity;
    struct credential_facts facts; /* of what was issued or found */
    char *cluster;                 /* the cluster the certificate is routed to */
    struct destination_report report;
};

void output_job_result_release(struct output_job_result *r);

/*
 * What the last run of the program left in the destination, which must be prepared: it serves until
 * the next renewal, however long the cluster is away. Asks nobody but the disk, and has no clock:
 * whether `validity` is over is for the caller to judge. `report` has nothing but warnings.
 *
 * Files of two renewals, which is what a kill between two renames leaves, are made one set again from
 * the file `identity`.
 *
 * ERR_NOT_FOUND when there is nothing to serve. If that is because what is there is damaged, or its
 * parts do not belong together, the warnings, which are then set all the same, say so. It is never a
 * reason to stop: the next renewal writes every file anew. ERR_NOMEM else.
 */
RESULT output_job_load(const struct output_job *job, struct output_job_result *ret);

/* After an error the files in place are what they were. */
RESULT output_job_run(const struct output_job *job, const struct ctx *ctx,
                      struct output_job_result *ret);

#endif
