/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cpu_profile.h"

#include "base/thread.h"
#include "diag/profile/cpu_timers.h"
#include "diag/profile/gate.h"
#include "diag/profile/profile.h"
#include "diag/profile/sample_ring.h"

#include <errno.h>
#include <signal.h>

#define PERIOD_NS 10000000 /* a second by CPU_PROFILE_HZ */
#define STACKS_MAX 8192
#define DRAIN_MS 100
#define DRAINS_PER_SCAN 2 /* threads that live shorter than 200 ms may be missed */

_Static_assert((int64_t)PERIOD_NS *CPU_PROFILE_HZ == 1000000000, "periods fill a second");

/* One at a time: signals have no other way to find it. */
static struct gate gate;
static atomic_bool is_taken;

struct collector {
    struct sample_ring *ring;
    struct stack_table *stacks;
    struct cpu_timers *timers;
};

/* Only what is allowed in a signal handler: atomics, and the unwinder once it is warm. */
static void on_sample(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    int errno_before = errno;
    size_t ticket = 0;
    struct sample_ring *ring = gate_enter(&gate);
    struct sample *s = ring && info->si_code == SI_TIMER ? sample_ring_claim(ring, &ticket) : NULL;

    if (s) {
        s->thread = gettid();
        s->weight = 1 + (info->si_overrun > 0 ? (unsigned)info->si_overrun : 0);
        stack_interrupted(&s->stack);
        sample_ring_publish(ring, ticket);
    }
    gate_leave(&gate);
    errno = errno_before;
}

/* For good: a signal on its way must not find the default action, which ends the process. */
static struct err *install_handler(void)
{
    struct sigaction action = {.sa_sigaction = on_sample, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigfillset(&action.sa_mask);
    if (sigaction(THREAD_SIGNAL_SAMPLE, &action, NULL) != 0)
        return err_sys(ERR_UNAVAILABLE, errno, "handle the profiler's signal");
    return NULL;
}

static void drain(struct collector *c)
{
    for (const struct sample *s; (s = sample_ring_front(c->ring)) != NULL;) {
        struct stack_entry *e = stack_table_get(c->stacks, s->thread, &s->stack);
        e->values[0] += s->weight;
        e->values[1] += (double)s->weight * PERIOD_NS;
        sample_ring_pop(c->ring);
    }
}

static struct err *collect(struct collector *c, const struct ctx *ctx, struct dur span)
{
    struct mono end = mono_add(clock_mono(ctx->clock), span);

    for (unsigned turn = 0;; turn++) {
        if (turn % DRAINS_PER_SCAN == 0)
            TRY(cpu_timers_scan(c->timers, PERIOD_NS));
        struct dur left = mono_diff(end, clock_mono(ctx->clock));
        if (left.ns <= 0)
            return NULL;
        TRY(ctx_sleep(ctx, left.ns < dur_ms(DRAIN_MS).ns ? left : dur_ms(DRAIN_MS)));
        drain(c);
    }
}

static const char *name_of(const void *arg, pid_t tid)
{
    return cpu_timers_name(arg, tid);
}

static struct err *encode(const struct collector *c, const struct now *began, struct dur took,
                          struct buf *out)
{
    CLEANUP(buf_release) struct buf comment = BUF_INIT(256);
    size_t dropped = sample_ring_dropped(c->ring);

    if (dropped || c->timers->refused)
        TRY(buf_printf(&comment, "incomplete: %zu samples dropped, %zu threads not sampled",
                       dropped, c->timers->refused));
    const struct profile p = {
        .types = {{"samples", "count"}, {"cpu", "nanoseconds"}},
        .n_types = 2,
        .shown = "cpu",
        .period_type = {"cpu", "nanoseconds"},
        .period = PERIOD_NS,
        .time = began->wall,
        .duration = took,
        .stacks = c->stacks,
        .comment = comment.len ? buf_str(&comment) : NULL,
        .thread_name = name_of,
        .arg = c->timers,
    };
    return profile_encode(&p, out);
}

static struct err *take(const struct ctx *ctx, struct dur span, struct buf *out)
{
    CLEANUP(sample_ring_freep) struct sample_ring *ring = NULL;
    CLEANUP(stack_table_freep) struct stack_table *stacks = NULL;
    CLEANUP(freep) struct cpu_timers *timers = calloc(1, sizeof(*timers));

    if (!timers)
        return err_nomem();
    TRY(sample_ring_new(&ring));
    TRY(stack_table_new(STACKS_MAX, &stacks));
    TRY(install_handler());
    struct collector c = {.ring = ring, .stacks = stacks, .timers = timers};
    struct now began = clock_now(ctx->clock);
    gate_open(&gate, ring);
    struct err *e = collect(&c, ctx, span);
    cpu_timers_stop(timers);
    gate_close(&gate);
    TRY(e);
    drain(&c);
    return encode(&c, &began, mono_diff(clock_mono(ctx->clock), began.mono), out);
}

RESULT cpu_profile_take(const struct ctx *ctx, struct dur span, struct buf *out)
{
    if (!stack_is_supported())
        return err_new(ERR_UNIMPLEMENTED, "profile: this system's C library is too old for it");
    if (atomic_exchange(&is_taken, true))
        return err_new(ERR_BUSY, "profile: another one is being made");
    stack_prepare();
    struct err *e = take(ctx, span, out);
    atomic_store(&is_taken, false);
    return e ? err_wrap(e, "profile") : NULL;
}
