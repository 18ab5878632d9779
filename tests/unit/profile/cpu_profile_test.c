/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cpu_profile.h"

#include "base/thread.h"
#include "diag/profile/stack.h"
#include "proto_reader.h"
#include "tests/support/assert_err.h"
#include "tests/support/under_valgrind.h"

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

int main(void)
{
    if (is_under_valgrind()) /* a sample takes longer there than it is to the next */
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_names_the_function_that_burns, release),
        cmocka_unit_test_teardown(test_says_what_its_numbers_are, release),
        cmocka_unit_test_teardown(test_finds_threads_that_begin_meanwhile, release),
        cmocka_unit_test(test_one_at_a_time_and_cancelled_at_once),
        cmocka_unit_test(test_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
