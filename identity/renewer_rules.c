/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer_private.h"

#include "identity/backoff.h"

struct wall renewer_rules_calendar(const struct renewer *r, struct now now)
{
    bool server_is_ahead = r->has_skew && r->skew.ns > 0;
    return server_is_ahead && !r->issued_here ? wall_add(now.wall, r->skew) : now.wall;
}

/* An identity issued in this process lives its length from then, whatever any calendar says. */
struct dur renewer_rules_left(const struct renewer *r, struct now now)
{
    if (!r->issued_here)
        return wall_diff(r->identity.validity.not_after, renewer_rules_calendar(r, now));
    struct dur length = schedule_lifetime(r->identity.validity);
    return (struct dur){length.ns - mono_diff(now.mono, r->issued_at).ns};
}

/* What a failure with `code` says of the bot, where something serves. */
static enum renewer_state state_of(enum err_code code)
{
    switch (code) {
    case ERR_LOCKED:
        return RENEWER_LOCKED;
    case ERR_UNTRUSTED:
        return RENEWER_UNTRUSTED;
    case ERR_DENIED:
    case ERR_REJECTED:
    case ERR_EXPIRED:
    case ERR_NOT_FOUND:
    case ERR_UNIMPLEMENTED:
        return RENEWER_REFUSED;
    default: /* passing, or wrong on our side of the wire */
        return RENEWER_STALE;
    }
}

bool renewer_rules_is_refusal(enum err_code code)
{
    return state_of(code) == RENEWER_REFUSED || state_of(code) == RENEWER_LOCKED;
}

enum renewer_state renewer_rules_working(const struct renewer *r)
{
    if (r->state == RENEWER_EXPIRED)
        return RENEWER_EXPIRED;
    if (!r->has_identity)
        return RENEWER_JOINING;
    if (r->barred)
        return renewer_rules_is_open(r) ? RENEWER_HELD : RENEWER_OVERTAKEN;
    return renewer_rules_is_open(r) ? RENEWER_OPEN : RENEWER_RENEWING;
}

enum renewer_state renewer_rules_resting(const struct renewer *r, enum err_code code)
{
    enum renewer_state working = renewer_rules_working(r);
    if (working == RENEWER_EXPIRED || r->barred)
        return working;
    if (state_of(code) != RENEWER_STALE)
        return state_of(code);
    return working == RENEWER_RENEWING ? RENEWER_STALE : working;
}

/* What the identity itself allows. The read before a renewal spares a bot whose storage was copied: its
 * twin is then ahead; and one that is locked or refused is told so before anything is written. */
static enum renewer_job own_job(const struct renewer *r)
{
    if (!r->has_identity || renewer_rules_rejoins(r))
        return RENEWER_JOB_JOIN;
    if (r->barred)
        return RENEWER_JOB_NONE;
    return renewer_rules_is_open(r) ? RENEWER_JOB_RESOLVE : RENEWER_JOB_CHECK;
}

enum renewer_job renewer_rules_first_job(const struct renewer *r)
{
    bool may_rejoin = r->state == RENEWER_EXPIRED && r->config.can_join;
    return r->wants_join || may_rejoin ? RENEWER_JOB_JOIN : own_job(r);
}

enum renewer_job renewer_rules_next_job(const struct renewer *r, enum renewer_job failed,
                                        enum err_code code)
{
    /* A cluster that is away refused nothing: what has expired goes on asking to join. */
    bool is_moot = r->state == RENEWER_EXPIRED && err_class(code) != ERR_CLASS_PERMANENT;
    bool takes_turns = failed == RENEWER_JOB_JOIN && !is_moot && own_job(r) != RENEWER_JOB_NONE;
    return takes_turns ? own_job(r) : renewer_rules_first_job(r);
}

/* Until when failures of a first start or of one pass are borne; MONO_NEVER: it is neither. */
static struct mono patience_ends(const struct renewer *r)
{
    const struct renewer_config *c = &r->config;
    if (renewer_goes_on(r))
        return MONO_NEVER;
    if (c->one_pass)
        return mono_add(r->started_at, c->one_pass_limit);
    bool at_once = c->startup == RENEWER_STARTUP_EXIT;
    return at_once ? r->started_at : mono_add(r->started_at, c->startup_limit);
}

enum renewer_failure renewer_rules_verdict(const struct renewer *r, enum err_code code,
                                           struct now now)
{
    struct mono limit = patience_ends(r);
    bool is_permanent = err_class(code) == ERR_CLASS_PERMANENT;
    if (limit.ns == MONO_NEVER.ns || (!is_permanent && mono_before(now.mono, limit)))
        return RENEWER_FAILURE_NONE;
    if (r->config.one_pass)
        return RENEWER_FAILURE_ONE_PASS;
    return is_permanent ? RENEWER_FAILURE_REFUSED : RENEWER_FAILURE_STARTUP;
}

static struct dur wait_for_next(const struct renewer *r, enum err_code code, struct now now)
{
    const struct entropy *entropy = r->config.entropy;
    bool is_permanent = err_class(code) == ERR_CLASS_PERMANENT;
    if (!is_permanent && !renewer_rules_is_open(r) && r->attempt < r->config.attempts)
        return backoff_attempt(r->attempt, entropy);
    struct dur wait = is_permanent ? backoff_refused(entropy)
                                   : backoff_probe(mono_diff(now.mono, r->trouble_since), entropy);
    /* Who renews every minute wants to know soon. */
    int64_t half = r->config.interval.ns / 2;
    struct dur most = entropy_between(entropy, (struct dur){half / 5 * 4}, (struct dur){half});
    return wait.ns < most.ns ? wait : most;
}

/* Nothing serves, and the token is no help: only the cluster can say that the identity is good. */
static bool is_urgent(const struct renewer *r, enum renewer_job failed, enum err_code code)
{
    return r->state == RENEWER_EXPIRED && failed == RENEWER_JOB_JOIN &&
           renewer_rules_next_job(r, failed, code) != RENEWER_JOB_JOIN;
}

struct mono renewer_rules_next_at(const struct renewer *r, enum renewer_job failed,
                                  enum err_code code, struct now now)
{
    if (is_urgent(r, failed, code))
        return now.mono;
    struct mono at = mono_add(now.mono, wait_for_next(r, code, now));
    struct mono limit = patience_ends(r); /* the last attempt is made then, not after it */
    return mono_before(now.mono, limit) ? mono_min(at, limit) : at;
}

struct mono renewer_rules_give_up_at(const struct renewer *r)
{
    if (r->config.give_up_after.ns == 0 || r->trouble_since.ns == MONO_NEVER.ns)
        return MONO_NEVER;
    return mono_add(r->success_at, r->config.give_up_after);
}
