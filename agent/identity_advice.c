/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity_advice.h"

const char *identity_advice_failed(enum renewer_job job)
{
    switch (job) {
    case RENEWER_JOB_JOIN:
        return "joining failed";
    case RENEWER_JOB_CHECK:
    case RENEWER_JOB_RESOLVE:
        return "the bot's generation could not be read";
    case RENEWER_JOB_RENEW:
        return "renewal failed";
    case RENEWER_JOB_PROBE:
        return "the cluster is still out of reach";
    case RENEWER_JOB_PERSIST:
        return "the identity could not be stored";
    case RENEWER_JOB_NONE:
        break;
    }
    return "failed";
}

const char *identity_advice_state(enum renewer_state state)
{
    switch (state) {
    case RENEWER_STALE:
        return "renewals fail; the present identity stays in service while it is valid, and the "
               "cluster is looked for";
    case RENEWER_OPEN:
        return "the outcome of a renewal is not known: the bot's generation is read from the "
               "cluster before anything is sent again";
    case RENEWER_HELD:
        return "the outcome of a renewal is not known and the cluster cannot tell: nothing is sent "
               "any more, the identity serves until it expires; give the bot a new token, or set "
               "'on_open_renewal: retry' if this is its only instance";
    case RENEWER_OVERTAKEN:
        return "the cluster is a generation ahead of this identity: a reply was lost or the "
               "storage was copied; renewing would lock the bot, so nothing is sent any more and "
               "the identity serves until it expires; give the bot a new token (a cluster before "
               "16.2 wants "
               "the bot removed and added again for that)";
    case RENEWER_EXPIRED:
        return "the identity has expired and nothing can be served; if joining with the configured "
               "token does not help, give the bot a new token";
    case RENEWER_STARTING:
    case RENEWER_JOINING:
    case RENEWER_FRESH:
    case RENEWER_RENEWING:
    case RENEWER_FAILED:
    case RENEWER_STATE_COUNT:
        break;
    }
    return NULL;
}
