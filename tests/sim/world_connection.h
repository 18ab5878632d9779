/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_CONNECTION_H
#define TBOT_TESTS_SIM_WORLD_CONNECTION_H

/*
 * What an agent knows of the cluster as a whole: whether it is there, with the real agent/contact.h, and
 * what its clock shows, with the real agent/skew.h.
 */

#include "agent/contact.h"

struct world_agent;
struct world_call;
struct world_identity;

/* A process starts; ends. */
void world_connection_start(struct world_agent *a);
void world_connection_drop(struct world_agent *a);

void world_connection_step(struct world_agent *a, enum contact_event_kind kind, enum err_code code);

/* A job of a service ended. */
void world_connection_hear(struct world_agent *a, enum err_code code);

/* Until when a certificate is asked for. */
struct wall world_connection_wanted_end(const struct world_agent *a);

/* What a call that ended shows of the cluster's clock. */
void world_connection_note(struct world_agent *a, const struct world_call *c);

/* This identity is the one we show from now on. */
void world_connection_use(struct world_agent *a, const struct world_identity *i);

#endif
