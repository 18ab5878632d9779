/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_CHECK_H
#define TBOT_AGENT_CONFIG_CHECK_H

/*
 * What a single value cannot show: contradictions between values, and what is missing. Pure: looks
 * at the config only, never at the system.
 */

#include "agent/config.h"
#include "agent/config_report.h"

/* Contradictions no command line can cure; asked of every file. */
RESULT config_check_contradictions(const struct config *config, struct config_report *report);

/* Whether the merged whole is enough, and sensible, to start with. */
RESULT config_check_complete(const struct config *config, struct config_report *report);

/* Where the diagnostics server listens; part of the contradictions. */
RESULT config_check_diag(const struct config *config, struct config_report *report);

/* What a Kubernetes secret is called, and wears; likewise. */
RESULT config_check_kubernetes(const struct config_destination *destination,
                               struct config_report *report);

/* Where metrics are sent; likewise. */
RESULT config_check_metrics(const struct config *config, struct config_report *report);

/* Who is told of a service's new files; likewise. */
RESULT config_check_hook(const struct config_service *service, struct config_report *report);

#endif
