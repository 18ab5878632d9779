/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_NOTIFY_STATUS_H
#define TBOT_AGENT_NOTIFY_STATUS_H

/*
 * The sentence that `systemctl status` shows: can the agent serve, is it in touch, and if not, which part
 * is the trouble and why. Pure.
 */

#include "agent/notify.h"

struct notify_facts {
    const struct health *health;
    struct now now;
    const char *cluster; /* as a person calls it, e.g. "auth server 'example.com:3025'" */
    const char
        *reload_error; /* why another configuration is not in force; "": it is, or there is none */
    bool is_stopping, awaits_reply;
};

/* One line of UTF-8 if the names in it are. Returns `out`. */
char *notify_status(const struct notify_facts *f, char out[NOTIFY_STATUS_SIZE]);

#endif
