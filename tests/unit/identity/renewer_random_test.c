/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds whatever happens: events, outcomes and clocks at random, each seed another story. A failure
 * names the seed and the step.
 */
#include "tests/unit/identity/renewer_fixture.h"

#define SEEDS 3000
#define STEPS 400

struct story {
    struct fixture f;
    struct fake_entropy dice; /* the story's; the renewer has its own */
    uint64_t seed;
    unsigned step;
    bool open;             /* a request was written and nothing is known of it */
    struct mono written;   /* when */
    struct mono last_read; /* of an open renewal, equal */
    unsigned equal_reads;
    bool barred; /* nothing but a join may follow */
};

static uint64_t below(struct story *s, uint64_t n)
{
    return entropy_below(&s->dice.entropy, n);
}

static void holds(const struct story *s, bool what, const char *text)
{
    if (!what)
        fail_msg("seed %llu, step %u, state %s: %s", (unsigned long long)s->seed, s->step,
                 renewer_state_name(s->f.r.state), text);
}

static bool waits_for_a_person(const struct renewer *r)
{
    return r->state == RENEWER_EXPIRED && r->barred && !r->config.can_join;
}

static void check_job(const struct story *s, enum renewer_job job)
{
    bool writes = job == RENEWER_JOB_RENEW;
    holds(s, !(s->barred && job != RENEWER_JOB_JOIN && job != RENEWER_JOB_PERSIST),
          "only a join may follow");
    holds(s, !(s->open && (writes || job == RENEWER_JOB_CHECK)),
          "an open renewal was not resolved before the next");
    if (job != RENEWER_JOB_RESOLVE)
        return;
    const struct mono settled = mono_add(s->written, dur_s(5));
    holds(s, !mono_before(s->f.now.mono, settled), "read before the cluster has settled");
}

static void check(const struct story *s)
{
    const struct renewer *r = &s->f.r;
    const struct renewer_todo *todo = &s->f.todo;
    if (renewer_is_terminal(r)) {
        bool is_storing = todo->job == RENEWER_JOB_PERSIST && r->state == RENEWER_FRESH;
        holds(s, r->state == RENEWER_FRESH || r->failure != RENEWER_FAILURE_NONE, "no reason");
        holds(s, todo->job == RENEWER_JOB_NONE || is_storing, "terminal and busy");
        return;
    }
    bool serving = renewer_is_serving(r, s->f.now);
    bool idle = todo->job == RENEWER_JOB_NONE;
    holds(s, !idle || todo->wake.ns != MONO_NEVER.ns || waits_for_a_person(r),
          "nothing is planned");
    holds(s, !idle || mono_before(s->f.now.mono, todo->wake), "a wake-up that is past");
    holds(s, r->attempt <= r->config.attempts, "too many attempts");
    holds(s, !idle || serving || !r->has_identity || r->state == RENEWER_EXPIRED,
          "expired, and it does not say so");
    holds(s, !idle || !serving || r->state != RENEWER_EXPIRED, "says expired, and is valid");
    if (!idle)
        check_job(s, todo->job);
}

static enum err_code some_code(struct story *s)
{
    static const enum err_code likely[] = {ERR_OK,     ERR_OK,     ERR_OK,       ERR_UNAVAILABLE,
                                           ERR_DENIED, ERR_LOCKED, ERR_UNTRUSTED};
    uint64_t i = below(s, sizeof(likely) / sizeof(likely[0]) + 2);
    return i < sizeof(likely) / sizeof(likely[0]) ? likely[i]
                                                  : (enum err_code)below(s, ERR_CODE_COUNT);
}

/* The story's own account of an open renewal; the renewer's must agree with it. */
static void keep_account(struct story *s, const struct renewer_event *ev)
{
    const struct renewer *r = &s->f.r;
    bool tells = ev->code != ERR_UNIMPLEMENTED && ev->code != ERR_NOT_FOUND;
    bool reads = ev->job == RENEWER_JOB_CHECK || ev->job == RENEWER_JOB_RESOLVE;
    bool counts = ev->job == RENEWER_JOB_RESOLVE || !r->identity.per_instance;
    if (ev->job == RENEWER_JOB_RENEW && ev->code != ERR_OK && ev->written) {
        s->open = true;
        s->written = s->f.now.mono;
        s->equal_reads = 0;
        s->barred = r->identity.per_instance && !r->config.retry_open;
    } else if (reads && counts && ev->code == ERR_OK && ev->generation > r->identity.generation) {
        s->barred = true;
    } else if (ev->job == RENEWER_JOB_RESOLVE && !tells) {
        s->barred = !r->config.retry_open;
        s->open = s->barred;
    } else if (ev->job == RENEWER_JOB_RESOLVE) {
        bool equal = ev->code == ERR_OK && ev->generation == r->identity.generation;
        bool fresh = !mono_before(s->f.now.mono, mono_add(s->last_read, dur_s(2)));
        s->equal_reads = equal ? 1 + (fresh ? s->equal_reads : 0) : 0; /* else from a cache */
        s->last_read = s->f.now.mono;
        s->open = s->equal_reads < 2;
    } else if (ev->code == ERR_OK &&
               (ev->job == RENEWER_JOB_JOIN || ev->job == RENEWER_JOB_RENEW)) {
        s->open = s->barred = false;
    }
}

static void end_job(struct story *s)
{
    struct fixture *f = &s->f;
    struct renewer_event ev = {.kind = RENEWER_JOB_DONE, .job = f->todo.job, .code = some_code(s)};
    int64_t off = below(s, 8) ? 0 : (int64_t)below(s, 3) - 1;
    ev.generation = f->r.identity.generation + off;
    ev.written = below(s, 2);
    ev.unpersisted = below(s, 8) == 0;
    ev.identity = identity_of(f->r.identity.generation + 1, f->now);
    ev.identity.per_instance = f->r.identity.per_instance;
    keep_account(s, &ev);
    f->todo.job = RENEWER_JOB_NONE;
    step(f, ev);
}

/* Time goes to the wake-up, or some way towards it; sometimes the calendar jumps. */
static void let_time_pass(struct story *s)
{
    struct fixture *f = &s->f;
    struct dur left = mono_diff(f->todo.wake, f->now.mono);
    struct dur d = f->todo.job == RENEWER_JOB_NONE && f->todo.wake.ns != MONO_NEVER.ns
                       ? left
                       : dur_s((int64_t)below(s, 30));
    if (below(s, 3) == 0)
        d.ns /= 2;
    f->now.mono = mono_add(f->now.mono, d);
    f->now.wall = wall_add(f->now.wall, d);
    if (below(s, 40) == 0)
        f->now.wall = wall_add(f->now.wall, dur_s((int64_t)below(s, 14400) - 7200));
}

static void tell_something(struct story *s)
{
    static const enum renewer_event_kind kinds[] = {RENEWER_TIMER, RENEWER_TIMER,   RENEWER_TIMER,
                                                    RENEWER_NOW,   RENEWER_CONTACT, RENEWER_SKEW};
    struct renewer_event ev = {.kind = kinds[below(s, sizeof(kinds) / sizeof(kinds[0]))]};
    if (ev.kind == RENEWER_SKEW)
        ev.skew = dur_s((int64_t)below(s, 600) - 300);
    step(&s->f, ev);
}

static void begin(struct story *s, uint64_t seed)
{
    *s = (struct story){.seed = seed};
    fake_entropy_init(&s->dice, seed);
    setup(&s->f, (struct renewer_config){.can_join = below(s, 2),
                                         .retry_open = below(s, 2),
                                         .one_pass = below(s, 8) == 0,
                                         .one_pass_limit = dur_s((int64_t)below(s, 100)),
                                         .startup = (enum renewer_startup)below(s, 3),
                                         .give_up_after = dur_s(below(s, 4) ? 0 : 5400)});
    unsigned flags = (unsigned)below(s, 32);
    if (!s->f.r.config.can_join)
        flags |= STORED; /* there is nothing to begin with otherwise */
    s->f.now.wall = wall_add(s->f.now.wall, dur_s((int64_t)below(s, 4000)));
    s->open = (flags & STORED) && (flags & OPEN);
    s->written = s->f.now.mono;
    s->barred = s->open && (flags & PER_INSTANCE) && !s->f.r.config.retry_open;
    start(&s->f, flags);
}

static void test_invariants_hold_whatever_happens(void **state)
{
    (void)state;
    unsigned seen[RENEWER_STATE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct story s;
        begin(&s, seed);
        for (; s.step < STEPS; s.step++) {
            check(&s);
            seen[s.f.r.state]++;
            let_time_pass(&s);
            if (s.f.todo.job != RENEWER_JOB_NONE && below(&s, 4))
                end_job(&s);
            else
                tell_something(&s);
        }
    }
    for (int i = RENEWER_JOINING; i < RENEWER_STATE_COUNT; i++)
        if (!seen[i])
            fail_msg("no story was ever in state %s", renewer_state_name((enum renewer_state)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariants_hold_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
