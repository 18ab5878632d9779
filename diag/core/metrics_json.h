/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_JSON_H
#define TBOT_DIAG_CORE_METRICS_JSON_H

/*
 * The registry as a JSON list, in the shape that ghostunnel made known, one object a line:
 *
 *     [
 *     {"timestamp":1767323045,"metric":"tbot.process_state","value":0,"hostname":"web1"},
 *     {"timestamp":1767323045,"metric":"tbot.tbot_rpc_requests_total.Ping.ok","value":7,
 *      "hostname":"web1","labels":{"method":"Ping","code":"ok"}}
 *     ]
 *
 * `labels` is ours: it has the values whole, which the dotted name (diag/core/metrics_points.h) may not.
 */

#include "diag/core/metrics_points.h"

struct metrics_origin {
    const char *prefix;   /* "" for none */
    const char *hostname; /* "": left out */
    struct wall time;
};

/* Adds to `to`. ERR_NOMEM, or ERR_REJECTED for more than it takes. */
RESULT metrics_json_write(struct metrics *m, const struct metrics_origin *origin, struct buf *to);

#endif
