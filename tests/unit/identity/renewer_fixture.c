/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/identity/renewer_fixture.h"

void setup(struct fixture *f, struct renewer_config config)
{
    fake_entropy_init(&f->dice, 3);
    f->now = (struct now){{1000000000}, wall_of_unix(T0)};
    config.entropy = &f->dice.entropy;
    config.interval = dur_s(1200);
    config.attempts = 7;
    config.startup_limit = dur_s(120);
    renewer_init(&f->r, &config);
}

struct renewer_identity identity_of(int64_t generation, struct now now)
{
    return (struct renewer_identity){
        .validity = {wall_add(now.wall, dur_s(-60)), wall_add(now.wall, dur_s(3600))},
        .generation = generation,
    };
}

void step(struct fixture *f, struct renewer_event ev)
{
    struct renewer_todo todo = renewer_step(&f->r, &ev, f->now);
    if (todo.job != RENEWER_JOB_NONE || f->r.running == RENEWER_JOB_NONE)
        f->todo = todo; /* else it is still the running job's */
}

void tell(struct fixture *f, enum renewer_event_kind kind)
{
    step(f, (struct renewer_event){.kind = kind});
}

void start(struct fixture *f, unsigned flags)
{
    struct renewer_event ev = {.kind = RENEWER_START,
                               .has_identity = flags & STORED,
                               .open = flags & OPEN,
                               .token_changed = flags & NEW_TOKEN,
                               .proven = flags & PROVEN};
    ev.identity = identity_of(5, (struct now){{0}, wall_of_unix(T0)});
    ev.identity.per_instance = flags & PER_INSTANCE;
    ev.identity.is_final = flags & FINAL;
    step(f, ev);
}

void pass(struct fixture *f, int64_t s)
{
    f->now.mono = mono_add(f->now.mono, dur_s(s));
    f->now.wall = wall_add(f->now.wall, dur_s(s));
}

int64_t wait_for_job(struct fixture *f)
{
    struct mono before = f->now.mono;
    for (int i = 0; i < 10 && f->todo.job == RENEWER_JOB_NONE && !renewer_is_terminal(&f->r); i++) {
        assert_true(f->todo.wake.ns != MONO_NEVER.ns);
        struct dur d = mono_diff(f->todo.wake, f->now.mono);
        f->now.mono = mono_add(f->now.mono, d);
        f->now.wall = wall_add(f->now.wall, d);
        tell(f, RENEWER_TIMER);
    }
    return dur_to_s(mono_diff(f->now.mono, before));
}

static void end_job(struct fixture *f, enum renewer_job job, struct renewer_event ev)
{
    wait_for_job(f);
    assert_string_equal(renewer_job_name(f->todo.job), renewer_job_name(job));
    ev.kind = RENEWER_JOB_DONE;
    ev.job = job;
    step(f, ev);
}

void done(struct fixture *f, enum renewer_job job, enum err_code code)
{
    wait_for_job(f);
    end_job(
        f, job,
        (struct renewer_event){.code = code, .generation = 5, .identity = identity_of(6, f->now)});
}

void written_without_reply(struct fixture *f, enum err_code code)
{
    end_job(f, RENEWER_JOB_RENEW, (struct renewer_event){.code = code, .written = true});
}

void read_generation(struct fixture *f, enum renewer_job job, int64_t generation)
{
    end_job(f, job, (struct renewer_event){.generation = generation});
}

void renew(struct fixture *f)
{
    done(f, RENEWER_JOB_CHECK, ERR_OK);
    done(f, RENEWER_JOB_RENEW, ERR_OK);
    assert_int_equal(f->r.state, RENEWER_FRESH);
}

void play(struct fixture *f, const struct turn *turns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t waited = wait_for_job(f);
        if (waited < turns[i].after_s[0] || waited > turns[i].after_s[1])
            fail_msg("turn %zu: after %lld s", i, (long long)waited);
        done(f, turns[i].job, turns[i].code);
        assert_string_equal(renewer_state_name(f->r.state), renewer_state_name(turns[i].state));
    }
}
