/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include "tests/support/assert_err.h"

#include <errno.h>
#include <signal.h>

static int refusal; /* what pthread_create() fails with; 0: it does not */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return refusal ? refusal : __real_pthread_create(thread, attr, run, arg);
}

struct seen {
    size_t stack;
    sigset_t blocked;
};

static void *look(void *arg)
{
    struct seen *s = arg;
    pthread_attr_t attr;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &s->stack);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
    return arg;
}

static void test_thread_has_a_small_stack_and_hears_profiles_only(void **state)
{
    (void)state;
    struct seen seen = {0};
    pthread_t thread;
    void *ret = NULL;
    assert_ok(thread_start(look, &seen, &thread));
    assert_int_equal(pthread_join(thread, &ret), 0);
    assert_ptr_equal(ret, &seen);
    assert_in_range(seen.stack, 1, 1 << 20);
    assert_int_equal(sigismember(&seen.blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGUSR1), 1);
    assert_int_equal(sigismember(&seen.blocked, THREAD_SIGNAL_SAMPLE), 0);
    assert_int_equal(sigismember(&seen.blocked, THREAD_SIGNAL_STACK), 0);
}

static void assert_hears_signals(void)
{
    sigset_t ours;
    pthread_sigmask(SIG_SETMASK, NULL, &ours);
    assert_int_equal(sigismember(&ours, SIGTERM), 0);
}

static void test_thread_leaves_the_callers_signals_alone(void **state)
{
    (void)state;
    struct seen seen = {0};
    pthread_t thread;
    assert_ok(thread_start(look, &seen, &thread));
    assert_hears_signals();
    pthread_join(thread, NULL);
}

static void test_thread_has_as_much_of_its_name_as_fits(void **state)
{
    (void)state;
    char name[16] = "";
    thread_name("a name that is too long");
    assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
    assert_string_equal(name, "a name that is ");
}

static void test_thread_when_there_is_no_room_says_so(void **state)
{
    (void)state;
    pthread_t thread;
    refusal = EAGAIN;
    struct err *e = thread_start(look, NULL, &thread);
    refusal = 0;
    assert_fails(e, ERR_UNAVAILABLE, "start a thread: Resource temporarily unavailable");
    assert_hears_signals();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_has_a_small_stack_and_hears_profiles_only),
        cmocka_unit_test(test_thread_leaves_the_callers_signals_alone),
        cmocka_unit_test(test_thread_has_as_much_of_its_name_as_fits),
        cmocka_unit_test(test_thread_when_there_is_no_room_says_so),
    };
    return cmocka_run_group_tests_name("base/thread", tests, NULL, NULL);
}
