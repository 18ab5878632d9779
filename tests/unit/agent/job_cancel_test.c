/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job_cancel.h"

#include "tests/support/assert_err.h"

#include <sys/resource.h>

struct fixture {
    struct cancel *parent;
    struct job_cancel one, other;
};

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(cancel_new(&f.parent));
    job_cancel_init(&f.one, f.parent);
    job_cancel_init(&f.other, f.parent);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    job_cancel_release(&f->one);
    job_cancel_release(&f->other);
    cancel_free(f->parent);
    return 0;
}

static void test_one_job_is_cancelled_and_no_other(void **state)
{
    struct fixture *f = *state;
    struct cancel *one = job_cancel_begin(&f->one), *other = job_cancel_begin(&f->other);
    job_cancel_fire(&f->one);
    assert_true(cancel_fired(one));
    assert_false(cancel_fired(other));
    assert_false(cancel_fired(f->parent));
    job_cancel_end(&f->one);
    job_cancel_end(&f->other);
}

static void test_the_parent_cancels_what_runs_and_what_begins(void **state)
{
    struct fixture *f = *state;
    struct cancel *running = job_cancel_begin(&f->one);
    cancel_fire(f->parent);
    assert_true(cancel_fired(running));
    assert_true(cancel_fired(job_cancel_begin(&f->other)));
    job_cancel_end(&f->one);
    job_cancel_end(&f->other);
}

static void test_fired_before_it_begins_it_is_fired_at_once_and_ever_after(void **state)
{
    struct fixture *f = *state;
    job_cancel_fire(&f->one);
    for (int i = 0; i < 2; i++) {
        assert_true(cancel_fired(job_cancel_begin(&f->one)));
        job_cancel_end(&f->one);
    }
}

static void test_jobs_one_after_the_other_are_not_cancelled_by_the_first_one_s_end(void **state)
{
    struct fixture *f = *state;
    (void)job_cancel_begin(&f->one);
    job_cancel_end(&f->one);
    assert_false(cancel_fired(job_cancel_begin(&f->one)));
    job_cancel_end(&f->one);
    cancel_fire(f->parent); /* nothing of it is left there */
}

static void test_without_a_descriptor_the_parent_is_the_token(void **state)
{
    struct fixture *f = *state;
    struct rlimit was, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = (struct rlimit){0, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct cancel *token = job_cancel_begin(&f->one);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_ptr_equal(token, f->parent);
    job_cancel_fire(&f->one);
    assert_false(cancel_fired(f->parent));
    job_cancel_end(&f->one);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_job_is_cancelled_and_no_other),
        TEST(test_the_parent_cancels_what_runs_and_what_begins),
        TEST(test_fired_before_it_begins_it_is_fired_at_once_and_ever_after),
        TEST(test_jobs_one_after_the_other_are_not_cancelled_by_the_first_one_s_end),
        TEST(test_without_a_descriptor_the_parent_is_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
