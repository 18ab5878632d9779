/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/contact.h"

#include "identity/backoff.h"

#define SUSPICION_MAX_S 5
#define HEALTHY_S 60

/* Not less than the proof that diag/core/health.h asks for. */
#define PROOF_S 10
#define PROOF_JITTER_S 2

/* Checks that take as long as the pause between them do not follow each other without one. */
#define REST_S 1

const char *contact_state_name(enum contact_state s)
{
    static const char *const names[] = {
        [CONTACT_UNKNOWN] = "unknown", [CONTACT_UP] = "up", [CONTACT_DOWN] = "down"};
    return names[s];
}

enum verdict {
    ANSWERED,
    SILENT,
    UNTOLD, /* the code speaks of this side alone */
};

static enum verdict judge(enum err_code code)
{
    switch (code) {
    case ERR_OK:
    case ERR_BUSY:
    case ERR_DENIED:
    case ERR_LOCKED:
    case ERR_REJECTED:
    case ERR_EXPIRED: /* ours: after a long outage the first sign of its end */
    case ERR_UNIMPLEMENTED:
        return ANSWERED;
    case ERR_UNAVAILABLE:
    case ERR_TIMEOUT:
    case ERR_NOT_FOUND:
    case ERR_UNTRUSTED:
    case ERR_PROTOCOL:
        return SILENT;
    case ERR_USAGE:
    case ERR_CONFIG:
    case ERR_STORAGE:
    case ERR_CRYPTO:
    case ERR_CANCELLED:
    case ERR_NOMEM:
    case ERR_BUG:
    case ERR_CODE_COUNT:
        break;
    }
    return UNTOLD;
}

/* A refusal may have been made up here, from what an earlier answer said: it does not count as a call. */
bool contact_hear(enum err_code code, struct contact_event *ret)
{
    bool is_silent = judge(code) == SILENT;
    if (code != ERR_OK && !is_silent)
        return false;
    *ret = (struct contact_event){.kind = is_silent ? CONTACT_SUSPECT : CONTACT_CALLED};
    return true;
}

void contact_init(struct contact *c, const struct entropy *entropy, struct mono now)
{
    *c = (struct contact){.entropy = entropy,
                          .since = now,
                          .last_contact = MONO_NEVER,
                          .next_check = MONO_NEVER,
                          .prove_at = MONO_NEVER};
}

bool contact_is_well(const struct contact *c)
{
    return c->state == CONTACT_UP && c->last_code == ERR_OK && c->prove_at.ns == MONO_NEVER.ns;
}

static void plan_healthy(struct contact *c, struct mono now)
{
    struct dur tenth = dur_s(HEALTHY_S / 10);
    struct dur least = {dur_s(HEALTHY_S).ns - tenth.ns};
    struct dur most = {dur_s(HEALTHY_S).ns + tenth.ns};
    c->next_check = mono_min(c->prove_at, mono_add(now, entropy_between(c->entropy, least, most)));
}

/* `code` is how the check ended after one that ended with last_code. */
static void plan_proof(struct contact *c, enum err_code code, struct mono now)
{
    struct dur least = dur_s(PROOF_S), most = dur_s(PROOF_S + PROOF_JITTER_S);
    if (code != ERR_OK || !mono_before(now, c->prove_at))
        c->prove_at = MONO_NEVER;
    else if (c->last_code != ERR_OK)
        c->prove_at = mono_add(now, entropy_between(c->entropy, least, most));
}

/* One draw for all suspicions until the check: the first of many would come at once, in each agent. */
static void plan_soon(struct contact *c, struct mono now)
{
    struct dur most = dur_s(SUSPICION_MAX_S);
    if (mono_before(mono_add(now, most), c->next_check))
        c->next_check = mono_add(now, entropy_between(c->entropy, dur_s(0), most));
}

static void plan_probe(struct contact *c, struct mono now)
{
    struct dur trouble = c->state == CONTACT_DOWN ? mono_diff(now, c->since) : dur_s(0);
    struct mono at = mono_add(c->check_began, backoff_probe(trouble, c->entropy));
    struct mono earliest = mono_add(now, dur_s(REST_S));
    c->next_check = mono_before(at, earliest) ? earliest : at;
}

static void enter(struct contact *c, enum contact_state state, struct contact_todo *todo,
                  struct mono now)
{
    if (c->state == state)
        return;
    todo->is_lost = state == CONTACT_DOWN;
    todo->has_returned = state == CONTACT_UP && c->state == CONTACT_DOWN;
    todo->lasted = mono_diff(now, c->since);
    c->state = state;
    c->since = now;
}

/* What was heard while the check ran is newer than its beginning: where it contradicts, check again. */
static void checked(struct contact *c, enum err_code code, struct contact_todo *todo,
                    struct mono now)
{
    enum verdict v = judge(code);
    c->checking = false;
    plan_proof(c, code, now);
    c->last_code = code;
    c->failures = v == ANSWERED ? 0 : c->failures + 1;
    if (v == ANSWERED)
        c->last_contact = now;
    if (v != UNTOLD)
        enter(c, v == ANSWERED ? CONTACT_UP : CONTACT_DOWN, todo, now);
    if (v == ANSWERED)
        plan_healthy(c, now);
    else
        plan_probe(c, now);
    if (v == ANSWERED ? c->suspected : c->heard)
        plan_soon(c, now);
}

static void called(struct contact *c, struct mono now)
{
    c->last_contact = now;
    if (c->checking)
        c->heard = true;
    else if (c->state == CONTACT_UP)
        plan_healthy(c, now);
    else
        c->next_check = now;
}

static void suspect(struct contact *c, struct mono now)
{
    if (c->checking)
        c->suspected = true;
    else if (c->state != CONTACT_DOWN) /* then it is known already */
        plan_soon(c, now);
}

static void take(struct contact *c, const struct contact_event *ev, struct contact_todo *todo,
                 struct mono now)
{
    switch (ev->kind) {
    case CONTACT_LOOK:
        c->watching = true;
        c->next_check = now;
        break;
    case CONTACT_SUSPECT:
        if (c->watching)
            suspect(c, now);
        break;
    case CONTACT_CALLED:
        if (c->watching)
            called(c, now);
        break;
    case CONTACT_CHECKED:
        if (c->checking)
            checked(c, ev->code, todo, now);
        break;
    case CONTACT_TIMER:
        break;
    }
}

struct contact_todo contact_step(struct contact *c, const struct contact_event *ev, struct mono now)
{
    struct contact_todo todo = {.wake = MONO_NEVER};
    take(c, ev, &todo, now);
    if (c->checking)
        return todo;
    if (mono_before(now, c->next_check)) {
        todo.wake = c->next_check;
        return todo;
    }
    c->checking = true;
    c->check_began = now;
    c->suspected = false;
    c->heard = false;
    todo.check = true;
    return todo;
}
