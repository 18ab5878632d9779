/* SPDX-License-Identifier: Apache-2.0 */
/* An output that a reload brings or takes away. What it does in between is for the integration tests. */
#include "agent/output_service_private.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <sched.h>

#define UNTIL wall_of_unix(1800000000)

struct fixture {
    struct temp_dir dir;
    struct loop *loop;
    struct pool *workers;
    struct cancel *stop;
    struct config_service services[2];
    struct output_service *old, *new;
    int n_changed;
};

static void heard(void *arg, enum err_code code)
{
    (void)arg, (void)code;
    fail_msg("the cluster was asked");
}

static void changed(void *arg)
{
    ((struct fixture *)arg)->n_changed++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->dir = temp_dir_make();
    assert_ok(loop_new(clock_system(), &f->loop));
    assert_ok(pool_new(f->loop, 1, &f->workers));
    assert_ok(cancel_new(&f->stop));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pool_free(f->workers);
    output_service_free(f->old);
    output_service_free(f->new);
    for (size_t i = 0; i < 2; i++)
        config_service_release(&f->services[i]);
    cancel_free(f->stop);
    loop_free(f->loop);
    temp_dir_remove(&f->dir);
    free(f);
    return 0;
}

static struct output_service *make(struct fixture *f, size_t i, const char *where)
{
    struct output_service *s = NULL;
    f->services[i].name = strdup("web");
    assert_ok(config_destination_set(&f->services[i].destination, temp_dir_join(&f->dir, where)));
    const struct output_service_config c = {.job = {.service = &f->services[i]},
                                            .loop = f->loop,
                                            .workers = f->workers,
                                            .clock = clock_system(),
                                            .entropy = entropy_system(),
                                            .stop = f->stop,
                                            .interval = dur_s(60),
                                            .heard = heard,
                                            .changed = changed,
                                            .arg = f};
    assert_ok(output_service_new(&c, &s));
    return s;
}

static void make_both(struct fixture *f, const char *old, const char *new)
{
    f->old = make(f, 0, old);
    f->new = make(f, 1, new);
    f->old->has_files = true;
    f->old->files.not_after = UNTIL;
    f->old->facts.of[CREDENTIAL_X509].serial = strdup("abc");
}

static void test_what_is_in_the_same_directory_is_inherited(void **state)
{
    struct fixture *f = *state;
    make_both(f, "same", "same");
    output_service_inherit(f->new, f->old);
    assert_true(f->new->has_files);
    assert_int_equal(f->new->files.not_after.ns, UNTIL.ns);
    assert_string_equal(f->new->facts.of[CREDENTIAL_X509].serial, "abc");
    assert_false(f->old->has_files);
}

static void test_what_is_elsewhere_is_not_inherited(void **state)
{
    struct fixture *f = *state;
    make_both(f, "here", "there");
    output_service_inherit(f->new, f->old);
    assert_false(f->new->has_files);
    assert_true(f->old->has_files);
}

static void test_nobody_begins_beside_one_that_is_at_work(void **state)
{
    struct fixture *f = *state;
    make_both(f, "here", "there");
    assert_false(output_service_has_to_wait(f->new, f->old));
    f->old->job.is_busy = true;
    assert_true(output_service_has_to_wait(f->new, f->old));
}

static void test_what_hangs_keeps_its_own_directory_only(void **state)
{
    struct fixture *f = *state;
    make_both(f, "here", "there");
    f->old->job.is_busy = f->old->job.is_overdue = true;
    assert_false(output_service_has_to_wait(f->new, f->old));
    output_service_free(f->new);
    config_service_release(&f->services[1]);
    f->new = make(f, 1, "here");
    assert_true(output_service_has_to_wait(f->new, f->old));
}

static void test_one_that_is_retired_begins_nothing(void **state)
{
    struct fixture *f = *state;
    f->old = make(f, 0, "here");
    output_service_retire(f->old, NULL);
    output_service_start(f->old);
    output_service_renew_now(f->old);
    assert_false(output_service_is_busy(f->old));
    assert_int_equal(f->n_changed, 0);
}

/* As config_validate() places the copy of an output in memory. */
static void make_copy(struct fixture *f)
{
    f->old = make(f, 0, "cache/web");
    f->services[0].destination.is_cached = true;
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open(f->services[0].destination.path, SYMLINKS_SECURE, true, &d));
}

static bool has_copy(struct fixture *f)
{
    return temp_dir_has(&f->dir, "cache/web");
}

static void test_a_copy_that_nobody_keeps_is_removed_before_it_is_quiet(void **state)
{
    struct fixture *f = *state;
    make_copy(f);
    output_service_retire(f->old, NULL);
    assert_true(output_service_is_busy(f->old));
    while (output_service_is_busy(f->old)) {
        assert_ok(loop_turn(f->loop));
        sched_yield();
    }
    assert_false(has_copy(f));
    assert_int_equal(f->n_changed, 1);
}

static void test_a_copy_that_its_successor_keeps_stays(void **state)
{
    struct fixture *f = *state;
    make_copy(f);
    const struct config_service successor = {.destination = {.is_cached = true}};
    output_service_retire(f->old, &successor);
    assert_false(output_service_is_busy(f->old));
    assert_true(has_copy(f));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_in_the_same_directory_is_inherited),
        TEST(test_what_is_elsewhere_is_not_inherited),
        TEST(test_nobody_begins_beside_one_that_is_at_work),
        TEST(test_what_hangs_keeps_its_own_directory_only),
        TEST(test_one_that_is_retired_begins_nothing),
        TEST(test_a_copy_that_nobody_keeps_is_removed_before_it_is_quiet),
        TEST(test_a_copy_that_its_successor_keeps_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
