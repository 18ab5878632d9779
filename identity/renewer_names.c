/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer.h"

static const char *const state_names[RENEWER_STATE_COUNT] = {
    [RENEWER_STARTING] = "starting",   [RENEWER_JOINING] = "joining",
    [RENEWER_FRESH] = "fresh",         [RENEWER_RENEWING] = "renewing",
    [RENEWER_STALE] = "stale",         [RENEWER_REFUSED] = "refused",
    [RENEWER_LOCKED] = "locked",       [RENEWER_UNTRUSTED] = "untrusted",
    [RENEWER_OPEN] = "open",           [RENEWER_HELD] = "held",
    [RENEWER_OVERTAKEN] = "overtaken", [RENEWER_EXPIRED] = "expired",
    [RENEWER_FAILED] = "failed",
};

const char *renewer_state_name(enum renewer_state s)
{
    return state_names[s];
}

const char *renewer_job_name(enum renewer_job j)
{
    static const char *const names[] = {"none",  "join",    "check generation",
                                        "renew", "resolve", "persist"};
    return names[j];
}
