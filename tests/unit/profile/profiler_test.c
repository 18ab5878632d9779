/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/profiler.h"

#include "diag/profile/stack.h"
#include "tests/support/assert_err.h"

#include <stdio.h>

/* What is made is looked at in the tests of its maker; here: when and whether it comes. */

static struct loop *loop;
static struct profiler *profiler;
static unsigned n_done;
static struct err *last;
static size_t last_len;
static char last_text[512]; /* its beginning */

static void done(void *arg, struct err *e, struct bytes bytes)
{
    assert_ptr_equal(arg, &n_done);
    n_done++;
    err_free(last);
    last = e;
    last_len = bytes.len;
    snprintf(last_text, sizeof(last_text), "%.*s", (int)bytes.len,
             bytes.len ? (const char *)bytes.data : "");
    loop_stop(loop);
}

static int setup(void **state)
{
    (void)state;
    n_done = 0;
    last = NULL;
    assert_ok(loop_new(clock_system(), &loop));
    assert_ok(profiler_new(loop, clock_system(), &profiler));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    profiler_free(profiler);
    loop_free(loop);
    err_free(last);
    return 0;
}

static struct err *order(enum profiler_kind kind, struct dur span, struct profiler_job **ret)
{
    const struct profiler_order o = {.kind = kind, .span = span, .done = done, .arg = &n_done};
    return profiler_start(profiler, &o, ret);
}

static void test_a_list_of_threads_comes_on_the_loop(void **state)
{
    (void)state;
    struct profiler_job *job = NULL;
    assert_ok(order(PROFILER_THREADS, dur_s(0), &job));
    assert_int_equal(n_done, 0);
    assert_ok(loop_run(loop));
    assert_int_equal(n_done, 1);
    assert_null(last);
    assert_true(last_len > 100);
}

static void test_what_goes_wrong_comes_there_too(void **state)
{
    (void)state;
    struct profiler_job *job = NULL;
    assert_ok(order(PROFILER_HEAP, dur_s(0), &job)); /* which nobody began */
    assert_ok(loop_run(loop));
    assert_int_equal(err_code(last), ERR_UNAVAILABLE);
}

static void test_spans_have_bounds(void **state)
{
    (void)state;
    struct profiler_job *job = NULL;
    assert_fails(order(PROFILER_CPU, dur_s(0), &job), ERR_REJECTED, "1 to 300, not 0");
    assert_fails(order(PROFILER_CPU, dur_s(301), &job), ERR_REJECTED, "1 to 300, not 301");
}

static void test_one_cpu_profile_and_others_beside_it(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    struct profiler_job *cpu = NULL, *job = NULL;
    assert_ok(order(PROFILER_CPU, dur_s(300), &cpu));
    assert_fails(order(PROFILER_CPU, dur_s(1), &job), ERR_BUSY, "another CPU profile");
    assert_ok(order(PROFILER_THREADS, dur_s(0), &job));
    assert_ok(loop_run(loop));
    assert_null(last);
    for (int i = 0; i < 3; i++)
        assert_ok(order(PROFILER_CMDLINE, dur_s(0), &job));
    assert_fails(order(PROFILER_CMDLINE, dur_s(0), &job), ERR_BUSY, "4 are being made");
}

static void test_names_addresses_it_is_given(void **state)
{
    (void)state;
    struct profiler_job *job = NULL;
    char text[64];
    int len = snprintf(text, sizeof(text), "0x%zx+1", (size_t)(uintptr_t)profiler_start + 4);
    const struct profiler_order o = {.kind = PROFILER_SYMBOLS,
                                     .input = {(const uint8_t *)text, (size_t)len},
                                     .done = done,
                                     .arg = &n_done};
    assert_ok(profiler_start(profiler, &o, &job));
    memset(text, 'x', sizeof(text)); /* it was copied */
    assert_ok(loop_run(loop));
    assert_null(last);
    assert_non_null(strstr(last_text, "num_symbols: 1\n0x"));
    assert_non_null(strstr(last_text, "\tprofiler_start\n0x1\t[unknown]\n"));
}

/* Who asked went away: the place is free again soon, and nobody is told. */
static void test_a_forgotten_one_ends_and_is_not_told(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    struct profiler_job *cpu = NULL, *next = NULL;
    assert_ok(order(PROFILER_CPU, dur_s(300), &cpu));
    profiler_forget(cpu);
    struct err *e = NULL;
    while ((e = order(PROFILER_CPU, dur_s(300), &next))) {
        assert_int_equal(err_code(e), ERR_BUSY);
        err_free(e);
        assert_ok(loop_turn(loop));
    }
    assert_int_equal(n_done, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_list_of_threads_comes_on_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_goes_wrong_comes_there_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spans_have_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_cpu_profile_and_others_beside_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_addresses_it_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_forgotten_one_ends_and_is_not_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
