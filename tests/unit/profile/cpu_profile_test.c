/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cpu_profile.h"

#include "base/thread.h"
#include "diag/profile/stack.h"
#include "proto_reader.h"
#include "tests/support/assert_err.h"

#include <stdatomic.h>

/*
 * These look at real processor time: nothing else makes a timer of a thread run. They ask for shares
 * and for what must be there, not for how much there is, so that a busy machine does not fail them.
 */

static struct proto_reader profile;
static atomic_bool is_over;
static volatile unsigned sink;

/* Not static: sanitizers and optimisers leave its name and its frame alone. */
void burn_in_the_middle(void);
__attribute__((noinline)) void burn_in_the_middle(void)
{
    for (unsigned i = 0; i < 100000; i++)
        sink += i;
}

static void *burn(void *arg)
{
    pthread_setname_np(pthread_self(), "burner");
    while (!atomic_load(&is_over))
        burn_in_the_middle();
    return arg;
}

/* Begins when the profile is under way. */
static void *burn_late(void *arg)
{
    pthread_t thread;
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    assert_ok(ctx_sleep(&ctx, dur_ms(300)));
    assert_ok(thread_start(burn, arg, &thread));
    pthread_join(thread, NULL);
    return NULL;
}

static struct ctx forever(struct cancel *cancel)
{
    return (struct ctx){clock_system(), cancel, MONO_NEVER};
}

static void take_while(void *(*work)(void *arg))
{
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 24);
    struct ctx ctx = forever(NULL);
    pthread_t thread;

    atomic_store(&is_over, false);
    assert_ok(thread_start(work, NULL, &thread));
    struct err *e = cpu_profile_take(&ctx, dur_s(1), &out);
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    assert_ok(e);
    proto_reader_read(&profile, buf_bytes(&out));
}

static int release(void **state)
{
    (void)state;
    proto_reader_release(&profile);
    return 0;
}

static void test_names_the_function_that_burns(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    take_while(burn);
    assert_in_range(proto_reader_sum(&profile, 0, NULL), 5, 250);
    assert_true(proto_reader_sum(&profile, 0, "burn_in_the_middle") * 10 >
                proto_reader_sum(&profile, 0, NULL) * 9);
    assert_true(proto_reader_sum(&profile, 0, "burn") * 10 >
                proto_reader_sum(&profile, 0, "burn_in_the_middle") * 9);
    assert_int_equal(proto_reader_sum_thread(&profile, 0, "burner"),
                     proto_reader_sum(&profile, 0, NULL));
}

static void test_says_what_its_numbers_are(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    take_while(burn);
    assert_int_equal(profile.n_types, 2);
    assert_string_equal(profile.strings[profile.types[0]], "samples");
    assert_string_equal(profile.strings[profile.types[1]], "cpu");
    assert_string_equal(profile.strings[profile.shown], "cpu");
    assert_int_equal(profile.period, 10000000);
    assert_in_range(profile.duration, 900000000, 20000000000);
    assert_int_equal(proto_reader_sum(&profile, 1, NULL),
                     proto_reader_sum(&profile, 0, NULL) * 10000000);
    assert_true(profile.n_mappings >= 2);
    assert_true(profile.n_build_ids >= 1);
}

static void test_finds_threads_that_begin_meanwhile(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    take_while(burn_late);
    assert_in_range(proto_reader_sum(&profile, 0, "burn_in_the_middle"), 2, 250);
}

static void *take_in_thread(void *arg)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 24);
    struct ctx ctx = forever(arg);
    struct err *e = NULL;
    while (err_code(e = cpu_profile_take(&ctx, dur_s(60), &out)) == ERR_BUSY)
        err_free(e); /* the test itself was at work: it ends soon */
    return e;
}

static void test_one_at_a_time_and_cancelled_at_once(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
    struct ctx ctx = forever(NULL);
    pthread_t thread;
    void *first = NULL;

    assert_ok(cancel_new(&cancel));
    assert_ok(thread_start(take_in_thread, cancel, &thread));
    struct err *e = NULL;
    while (!e) { /* until the other has begun */
        buf_release(&out);
        out = BUF_INIT((size_t)1 << 24);
        e = cpu_profile_take(&ctx, dur_ms(1), &out);
    }
    assert_fails(e, ERR_BUSY, "another");
    cancel_fire(cancel);
    assert_int_equal(pthread_join(thread, &first), 0);
    assert_fails((struct err *)first, ERR_CANCELLED, "profile");
}

/* After a profile a signal that is late finds nothing to do, and the next profile is whole. */
static void test_again_and_again(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    struct ctx ctx = forever(NULL);
    pthread_t thread;

    atomic_store(&is_over, false);
    assert_ok(thread_start(burn, NULL, &thread));
    for (int i = 0; i < 20; i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 24);
        assert_ok(cpu_profile_take(&ctx, dur_ms(25), &out));
        assert_true(out.len > 0);
    }
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
}

static volatile unsigned depth_reached;

/* As deep as a renewal inside gRPC; how long `n` stacks take there. */
__attribute__((noinline)) static struct dur time_stacks(unsigned depth, int n)
{
    struct stack found = {0};
    if (depth > 0) {
        struct dur took = time_stacks(depth - 1, n);
        depth_reached++; /* behind the call, or it were a jump */
        return took;
    }
    struct mono from = clock_mono(clock_system());
    for (int i = 0; i < n; i++)
        stack_here(0, &found);
    struct dur took = mono_diff(clock_mono(clock_system()), from);
    assert_in_range(found.depth, 30, STACK_DEPTH_MAX);
    return took;
}

/*
 * What a sample costs is its stack: 200 us, a hundred times a second, are 2 % of a core. The quickest of
 * some batches, so that a busy machine does not fail it.
 */
static void test_a_sample_is_cheap(void **state)
{
    enum { STACKS = 200, DEPTH = 32 };
    int64_t best = INT64_MAX;
    (void)state;
    if (!stack_is_supported())
        skip();
    stack_prepare();
    for (int i = 0; i < 10; i++) {
        int64_t ns = time_stacks(DEPTH, STACKS).ns / STACKS;
        best = ns < best ? ns : best;
    }
    print_message("a stack of %d: %.1f us\n", DEPTH, (double)best / 1e3);
    assert_in_range(best, 1, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_names_the_function_that_burns, release),
        cmocka_unit_test_teardown(test_says_what_its_numbers_are, release),
        cmocka_unit_test_teardown(test_finds_threads_that_begin_meanwhile, release),
        cmocka_unit_test(test_one_at_a_time_and_cancelled_at_once),
        cmocka_unit_test(test_again_and_again),
        cmocka_unit_test(test_a_sample_is_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
