/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity_advice.h"

const char *identity_advice_failed(enum renewer_job job)
{
    switch (job) {
    case RENEWER_JOB_JOIN:
        return "joining failed";
    case RENEWER_JOB_CHECK: /* its first step */
    case RENEWER_JOB_RENEW:
        return "renewal failed";
    case RENEWER_JOB_RESOLVE:
        return "the bot's generation could not be read";
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
        return "renewals fail; the present identity stays in service while it is valid, and "
               "renewing is tried again";
    case RENEWER_REFUSED:
        return "the cluster refuses the bot or its token: what is valid stays in service, and "
               "the cluster is asked again every few minutes; look whether the bot and its role "
               "still exist ('tctl bots ls'), or give it a new token";
    case RENEWER_LOCKED:
        return "the bot is locked in the cluster: what is valid stays in service, and the "
               "cluster is asked again every few minutes; find out why ('tctl get locks'), then "
               "remove the lock";
    case RENEWER_UNTRUSTED:
        return "the cluster's certificate leads to no CA this bot knows: the CAs were rotated "
               "while it was away, or somebody else answers; what is valid stays in service; "
               "compare the CA, then give the bot its new 'ca_pins' or 'ca_path'";
    case RENEWER_OPEN:
        return "the outcome of a renewal is not known: the bot's generation is read from the "
               "cluster before anything is sent again";
    case RENEWER_HELD:
        return "the outcome of a renewal is not known and the cluster cannot tell: nothing is "
               "sent any more, the identity serves until it expires; give the bot a new token, "
               "or set 'on_open_renewal: retry' if this is its only instance";
    case RENEWER_OVERTAKEN:
        return "the cluster is a generation ahead of this identity: a reply was lost or the "
               "storage was copied; renewing would lock the bot, so nothing is sent any more "
               "and the identity serves until it expires; give the bot a new token (a cluster "
               "before 16.2 wants the bot removed and added again for that)";
    case RENEWER_EXPIRED:
        return "the identity has expired and nothing can be served; joining is tried where "
               "there is a token; if it does not help, give the bot a new one, and look whether "
               "the clock of this machine is right";
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

const char *identity_advice_rejoin(enum renewer_state state)
{
    switch (state) {
    case RENEWER_REFUSED:
        return "the cluster refuses the bot or what it joins with: what is valid stays in service, "
               "and joining is tried again every few minutes; look at what the error says, and "
               "whether the bot and its token still exist ('tctl bots ls', 'tctl get tokens')";
    case RENEWER_EXPIRED:
        return "the identity has expired and nothing can be served; joining is tried again and "
               "again; look at what the error says, and whether the clock of this machine is right";
    default:
        return identity_advice_state(state);
    }
}

bool identity_advice_is_news(unsigned *told, enum renewer_state state)
{
    const unsigned passing = 1U << RENEWER_STALE | 1U << RENEWER_OPEN | 1U << RENEWER_RENEWING;
    unsigned bit = 1U << state;
    if (!(passing & bit))
        *told = 0;
    bool is_news = !(*told & bit);
    *told |= bit;
    return is_news;
}

/* Nothing stays in service or is tried again, and the bot may join in either way. */
static const char *advice_at_the_end(enum renewer_state failed_in)
{
    switch (failed_in) {
    case RENEWER_STALE:
    case RENEWER_OPEN:
        return NULL; /* the error itself says all */
    case RENEWER_REFUSED:
        return "the cluster refuses the bot or what it joins with: look at what the error says, "
               "and whether the bot, its role and its token still exist ('tctl bots ls', 'tctl get "
               "tokens'); a token that was used for a join is good for no other";
    case RENEWER_LOCKED:
        return "the bot is locked in the cluster: find out why ('tctl get locks'), then remove the "
               "lock and start it again";
    case RENEWER_UNTRUSTED:
        return "the cluster's certificate leads to no CA this bot knows: the CAs were rotated "
               "while it was away, or somebody else answers; compare the CA, then give the bot "
               "its new 'ca_pins' or 'ca_path'";
    case RENEWER_EXPIRED:
        return "the identity has expired: look at what the error says, and whether the clock of "
               "this machine is right; where it joined with a token for one join, give it another";
    default:
        return identity_advice_state(failed_in);
    }
}

const char *identity_advice_end(enum renewer_failure failure, enum renewer_state failed_in)
{
    switch (failure) {
    case RENEWER_FAILURE_STARTUP:
        return "this start did not reach the cluster within the time it has: look at the "
               "address and the network; 'startup: wait' goes on for ever, 'startup_timeout' "
               "for longer";
    case RENEWER_FAILURE_GIVEN_UP:
        return "nothing was heard from the cluster for as long as 'give_up_after' allows";
    case RENEWER_FAILURE_REFUSED:
    case RENEWER_FAILURE_ONE_PASS:
    case RENEWER_FAILURE_NONE:
        break;
    }
    return advice_at_the_end(failed_in);
}

const char *identity_advice_cut_off(enum renewer_job job)
{
    switch (job) {
    case RENEWER_JOB_JOIN:
        return "A join is under way. If it went through, a token for one use is used up, and the "
               "bot "
               "needs a new one.";
    case RENEWER_JOB_RENEW:
        return "A renewal is under way. The next start finds out from the cluster whether it went "
               "through; if it did, the bot needs a new token.";
    case RENEWER_JOB_CHECK:
    case RENEWER_JOB_RESOLVE:
    case RENEWER_JOB_PERSIST: /* the last chance for it comes after the loop */
    case RENEWER_JOB_NONE:
        break;
    }
    return NULL;
}
