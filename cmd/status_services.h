/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_STATUS_SERVICES_H
#define TBOT_CMD_STATUS_SERVICES_H

#include "cmd/status_print.h"

/*
 * The part of the status table about services: a line for each, and below it what is wrong and what
 * would help. `services` is that member of the document, or NULL.
 */
void status_services_print(const struct status_print *t, const json_t *services);

#endif
