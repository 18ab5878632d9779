/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/gate.h"

#include <sched.h>
#include <stddef.h>

void gate_close(struct gate *g)
{
    atomic_store(&g->target, NULL);
    while (atomic_load(&g->inside) != 0)
        sched_yield();
}
