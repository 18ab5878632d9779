/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_MACHINE_H
#define TBOT_TESTS_SIM_WORLD_MACHINE_H

/*
 * The machine under an agent's process: its clocks, its sleep, and who starts and stops the process
 * there. Its calendar may be wrong; its boot clock counts on while it sleeps, and stands still while it
 * is a virtual machine that is paused.
 */

#include "base/clock.h"

struct world;
struct world_agent;

/* A machine that starts its process at once; one that awaits a copy of the storage does not. */
void world_machine_init(struct world_agent *a, struct world *w, size_t number);
void world_machine_release(struct world_agent *a);

/* What the process sees; and when, in true time, its boot clock shows `at`. */
struct now world_machine_now(const struct world_agent *a);
struct mono world_machine_when(const struct world_agent *a, struct mono at);

/* The process runs, and the machine does not sleep. */
bool world_machine_is_awake(const struct world_agent *a);

/* What the next write to its disk takes. */
struct dur world_machine_write_time(const struct world_agent *a);

void world_machine_set_calendar(struct world_agent *a, struct dur ahead);

/* `clocks_stop`: it is paused; a time server sets its calendar right within a minute after. */
void world_machine_sleep(struct world_agent *a, struct dur length, bool clocks_stop);

/* The process ends as if killed; the next starts with the machine. */
void world_machine_switch_off(struct world_agent *a, struct dur length);

/* Ends the process, if there is one, and starts one within half a minute of that. */
void world_machine_restart(struct world_agent *a, bool gently);
void world_machine_start_soon(struct world_agent *a);

#endif
