/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/log_switch.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <fcntl.h>

struct fixture {
    struct fake_clock time;
    struct loop *loop;
    struct log *log;
    int fd;
    struct diag_log_switch s;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.fd = open("/dev/null", O_WRONLY | O_CLOEXEC)};
    fake_clock_init(&f.time, "2026-01-02T03:04:05Z");
    loop_block_signals();
    assert_ok(loop_new(&f.time.clock, &f.loop));
    f.log = log_new(f.fd, LOG_TEXT, LOG_INFO, &f.time.clock);
    assert_non_null(f.log);
    diag_log_switch_init(&f.s, f.loop, f.log);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_release(&f->s);
    log_free(f->log);
    loop_free(f->loop);
    close(f->fd);
    return 0;
}

static enum log_level level_after(struct fixture *f, int64_t s)
{
    fake_clock_advance(&f->time, dur_s(s));
    assert_ok(loop_turn(f->loop));
    return log_get_level(f->log);
}

static void test_for_good_it_stays(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_set(&f->s, LOG_DEBUG, dur_s(0));
    assert_int_equal(f->s.until.ns, WALL_NONE.ns);
    assert_int_equal(level_after(f, 86400), LOG_DEBUG);
    diag_log_switch_release(&f->s);
    assert_int_equal(log_get_level(f->log), LOG_DEBUG);
}

static void test_for_a_while_it_goes_back(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_set(&f->s, LOG_DEBUG, dur_s(600));
    assert_int_equal(f->s.until.ns, wall_add(clock_wall(&f->time.clock), dur_s(600)).ns);
    assert_int_equal(level_after(f, 599), LOG_DEBUG);
    assert_int_equal(level_after(f, 1), LOG_INFO);
    assert_int_equal(f->s.until.ns, WALL_NONE.ns);
}

static void test_a_second_while_goes_back_to_the_same(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_set(&f->s, LOG_DEBUG, dur_s(60));
    assert_int_equal(level_after(f, 30), LOG_DEBUG);
    diag_log_switch_set(&f->s, LOG_ERROR, dur_s(60));
    assert_int_equal(level_after(f, 59), LOG_ERROR);
    assert_int_equal(level_after(f, 1), LOG_INFO);
}

static void test_for_good_ends_a_while(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_set(&f->s, LOG_DEBUG, dur_s(60));
    diag_log_switch_set(&f->s, LOG_WARN, dur_s(0));
    assert_int_equal(level_after(f, 120), LOG_WARN);
}

static void test_release_goes_back_at_once(void **state)
{
    struct fixture *f = *state;
    diag_log_switch_set(&f->s, LOG_DEBUG, dur_s(60));
    diag_log_switch_release(&f->s);
    assert_int_equal(log_get_level(f->log), LOG_INFO);
}

#define SWITCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SWITCH_TEST(test_for_good_it_stays),
        SWITCH_TEST(test_for_a_while_it_goes_back),
        SWITCH_TEST(test_a_second_while_goes_back_to_the_same),
        SWITCH_TEST(test_for_good_ends_a_while),
        SWITCH_TEST(test_release_goes_back_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
