/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_JOB_H
#define TBOT_AGENT_OUTPUT_JOB_H

/*
 * One renewal of an `identity` output: ask the cluster, build the files, publish them. Blocks, so on
 * a worker; one at a time for each destination.
 */

#include "agent/cluster.h"
#include "agent/destination.h"
#include "identity/schedule.h"

struct output_job {
    const struct config *config;
    const struct config_service *service;
    struct cluster *cluster;
    struct destination *destination;
    const char *bin; /* absolute path of this program, for ssh_config */
};

struct output_job_result {
    struct validity validity;
    char *cluster; /* the cluster the certificate is routed to */
    struct destination_report report;
};

void output_job_result_release(struct output_job_result *r);

/* After an error the files in place are what they were. */
RESULT output_job_run(const struct output_job *job, const struct ctx *ctx,
                      struct output_job_result *ret);

#endif
