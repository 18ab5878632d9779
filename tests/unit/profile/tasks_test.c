/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/tasks.h"

#include "base/thread.h"
#include "tests/support/assert_err.h"

#include <unistd.h>

static void test_stat_is_read_behind_the_name(void **state)
{
    (void)state;
    struct task_state s =
        task_state_parse("42 (a) S (b) R 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 1 0 99\n");
    assert_int_equal(s.letter, 'R');
    assert_int_equal(s.cpu_ticks, 150);
}

static void test_stat_that_is_no_such_thing_is_an_ended_thread(void **state)
{
    (void)state;
    static const char *const odd[] = {"", "42", "42 (a)", "42 (a) ", "no"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(task_state_parse(odd[i]).letter, '?');
    assert_int_equal(task_state_parse("42 (a) S 1").cpu_ticks, 0);
}

static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;

static void *named(void *arg)
{
    pid_t *tid = arg;
    pthread_setname_np(pthread_self(), "named thread");
    __atomic_store_n(tid, gettid(), __ATOMIC_RELEASE);
    pthread_mutex_lock(&hold);
    pthread_mutex_unlock(&hold);
    return NULL;
}

static void test_lists_threads_with_their_names(void **state)
{
    (void)state;
    static struct task_list list;
    pthread_t thread;
    pid_t tid = 0;
    bool found = false;

    pthread_mutex_lock(&hold);
    assert_ok(thread_start(named, &tid, &thread));
    while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
        sched_yield();
    assert_ok(tasks_list(&list));
    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].tid == tid)
            found = strcmp(list.items[i].name, "named thread") == 0;
    }
    assert_true(found);
    assert_int_not_equal(task_state(tid).letter, '?');
    pthread_mutex_unlock(&hold);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat_is_read_behind_the_name),
        cmocka_unit_test(test_stat_that_is_no_such_thing_is_an_ended_thread),
        cmocka_unit_test(test_lists_threads_with_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
