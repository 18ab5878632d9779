/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cycle_metrics.h"

#include "diag/core/agent_metrics.h"

void cycle_metrics_attempt(struct cycle_metrics *c, struct mono now)
{
    if (c->is_running) {
        task_metrics_retry(&c->run);
        return;
    }
    c->is_running = true;
    task_metrics_begin(c->metrics, &c->run, now);
}

void cycle_metrics_ended(struct cycle_metrics *c, enum err_code outcome, struct mono now)
{
    if (!c->is_running)
        return;
    c->is_running = false;
    task_metrics_end(c->metrics, &c->run, outcome == ERR_OK, now);
    agent_metrics_renewed(c->metrics, c->run.service, outcome, mono_diff(now, c->run.began));
}
