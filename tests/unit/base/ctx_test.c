/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <poll.h>

/* Time does not pass while poll(2) sleeps, so that it never sleeps: each wait makes it pass. */
static struct fake_clock now;
static struct ctx ctx;
static int longest_wait, n_waits;

int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
    int ready = __real_poll(fds, n, 0);
    if (ready == 0 && ms < 0)
        fail_msg("this would wait for ever");
    if (ready == 0) {
        fake_clock_advance(&now, dur_ms(ms));
        longest_wait = ms > longest_wait ? ms : longest_wait;
        n_waits++;
    }
    return ready;
}

static int setup(void **state)
{
    (void)state;
    fake_clock_init(&now, "2026-01-02T03:04:05Z");
    ctx = (struct ctx){.clock = &now.clock, .deadline = MONO_NEVER};
    longest_wait = n_waits = 0;
    return 0;
}

static void test_until_only_tightens(void **state)
{
    (void)state;
    struct ctx a = ctx_until(&ctx, dur_s(10)), b = ctx_until(&a, dur_s(20)),
               c = ctx_until(&a, dur_s(5));
    assert_int_equal(a.deadline.ns, dur_s(1010).ns);
    assert_int_equal(b.deadline.ns, a.deadline.ns);
    assert_int_equal(c.deadline.ns, dur_s(1005).ns);
}

static void test_poll_ms_rounds_up_and_knows_never_and_past(void **state)
{
    (void)state;
    assert_int_equal(ctx_poll_ms(&ctx), -1);
    struct ctx soon = ctx_until(&ctx, (struct dur){1});
    assert_int_equal(ctx_poll_ms(&soon), 1);
    soon = ctx_until(&ctx, dur_ms(1500));
    assert_int_equal(ctx_poll_ms(&soon), 1500);
    fake_clock_advance(&now, dur_s(2));
    assert_int_equal(ctx_poll_ms(&soon), 0);
    soon = ctx_until(&ctx, dur_s(INT64_C(400) * 86400));
    assert_int_equal(ctx_poll_ms(&soon), INT32_MAX);
}

static void test_check_tells_cancelled_from_late(void **state)
{
    (void)state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    struct ctx late = ctx_until(&ctx, dur_s(0));
    assert_ok(ctx_check(&ctx));
    assert_fails(ctx_check(&late), ERR_TIMEOUT, "timed out");
    assert_ok(cancel_new(&cancel));
    late.cancel = cancel;
    cancel_fire(cancel);
    assert_fails(ctx_check(&late), ERR_CANCELLED, "cancelled");
}

static void test_wait_fd_ends_at_readiness_or_deadline(void **state)
{
    (void)state;
    struct ctx limited = ctx_until(&ctx, dur_s(60));
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_ok(ctx_wait_fd(&limited, ends[1], POLLOUT));
    assert_int_equal(n_waits, 0);
    assert_fails(ctx_wait_fd(&limited, ends[0], POLLIN), ERR_TIMEOUT, "timed out");
    assert_int_equal(clock_mono(&now.clock).ns, limited.deadline.ns);
    close(ends[1]);
    limited = ctx_until(&ctx, dur_s(60));
    assert_ok(ctx_wait_fd(&limited, ends[0], POLLIN)); /* an end is something to read */
    close(ends[0]);
}

static void test_long_waits_look_at_the_clock_now_and_then(void **state)
{
    (void)state;
    assert_ok(ctx_sleep(&ctx, dur_s(3600)));
    assert_true(longest_wait <= 10000);
    assert_int_equal(clock_mono(&now.clock).ns, dur_s(4600).ns);
}

static void test_sleep_ends_early_for_deadline_and_cancel(void **state)
{
    (void)state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    struct ctx limited = ctx_until(&ctx, dur_s(2));
    assert_fails(ctx_sleep(&limited, dur_s(3)), ERR_TIMEOUT, "timed out");
    assert_int_equal(clock_mono(&now.clock).ns, dur_s(1002).ns);
    assert_ok(cancel_new(&cancel));
    ctx.cancel = cancel;
    assert_ok(ctx_sleep(&ctx, dur_s(1)));
    cancel_fire(cancel);
    assert_fails(ctx_sleep(&ctx, dur_s(1)), ERR_CANCELLED, "cancelled");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_until_only_tightens),
        TEST(test_poll_ms_rounds_up_and_knows_never_and_past),
        TEST(test_check_tells_cancelled_from_late),
        TEST(test_wait_fd_ends_at_readiness_or_deadline),
        TEST(test_long_waits_look_at_the_clock_now_and_then),
        TEST(test_sleep_ends_early_for_deadline_and_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
