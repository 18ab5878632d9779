/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/process_metrics.h"

#include "diag/core/metrics_text.h"
#include "diag/process_stat.h"
#include "tests/support/assert_err.h"
#include "tests/support/under_valgrind.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#define STAT_TAIL                                                                                  \
    " S 1 4242 4242 0 -1 4194560 1234 0 5 0 150 75 0 0 20 0 9 0 987654 123456789 2345 "            \
    "18446744073709551615 1 1 0 0\n"

static void test_stat_has_the_fields_of_proc5(void **state)
{
    (void)state;
    static const char *const names[] = {"(tbot)", "(a b)", "(a) R 9 9 (b)", "()"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct process_stat s = {0};
        char line[512];
        snprintf(line, sizeof(line), "4242 %s%s", names[i], STAT_TAIL);
        assert_true(process_stat_parse(line, &s));
        assert_int_equal(s.user_ticks, 150);
        assert_int_equal(s.system_ticks, 75);
        assert_int_equal(s.threads, 9);
        assert_int_equal(s.start_ticks, 987654);
        assert_int_equal(s.virtual_bytes, 123456789);
        assert_int_equal(s.resident_pages, 2345);
    }
}

static void test_stat_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "4242 (tbot)",
        "4242 (tbot) S",
        "4242 (tbot) S 1 2 3",
        "no parenthesis",
        "4242 (tbot) S 1 4242 4242 0 -1 x 1234 0 5 0 150 75 0 0 20 0 9 0 987654 123456789 2345 1",
        "4242 (tbot) S 1 4242 4242 0 -1 1 99999999999999999999999 0 5 0 1 1 0 0 20 0 9 0 1 1 1 1"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct process_stat s;
        assert_false(process_stat_parse(lines[i], &s));
    }
}

static int setup(void **state)
{
    struct metrics *m = NULL;
    assert_ok(metrics_new(&m));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    metrics_free(*state);
    return 0;
}

static double value_of(struct metrics *m, const char *name)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    char start[128];
    snprintf(start, sizeof(start), "\n%s ", name);
    assert_ok(metrics_write(m, METRICS_PROMETHEUS, &b));
    const char *at = strstr(buf_str(&b), start);
    if (!at)
        fail_msg("no value of %s", name);
    return strtod(at + strlen(start), NULL);
}

static int count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_process_figures_are_those_of_this_process(void **state)
{
    struct now now = clock_now(clock_system());
    struct rlimit limit;
    if (is_under_valgrind())
        skip();
    process_metrics_watch(*state, now);
    double fds = value_of(*state, "process_open_fds");
    assert_true(fds == count_fds());
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(value_of(*state, "process_open_fds") == fds + 1);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(value_of(*state, "process_max_fds") == (double)limit.rlim_cur);
    double resident = value_of(*state, "process_resident_memory_bytes");
    assert_true(resident > 100 * 1024);
    assert_true(value_of(*state, "process_virtual_memory_bytes") > resident);
    assert_true(value_of(*state, "process_threads") >= 1);
}

static void test_start_is_as_long_ago_as_the_kernel_counts(void **state)
{
    struct now now = clock_now(clock_system());
    now.mono = mono_add(now.mono, dur_s(1000)); /* as if we had run for so long */
    process_metrics_watch(*state, now);
    double age = (double)wall_to_unix(now.wall) - value_of(*state, "process_start_time_seconds");
    assert_true(age > 998 && age < 1060);
}

/* Ticks are hundredths: as many as it takes for one to pass. */
static void test_processor_time_grows_with_work(void **state)
{
    process_metrics_watch(*state, clock_now(clock_system()));
    double before = value_of(*state, "process_cpu_seconds_total");
    while (value_of(*state, "process_cpu_seconds_total") == before)
        ;
    assert_true(value_of(*state, "process_cpu_seconds_total") < before + 10);
}

static void test_allocator_shows_what_is_in_use(void **state)
{
    process_metrics_watch(*state, clock_now(clock_system()));
    double used = value_of(*state, "tbot_malloc_used_bytes");
    CLEANUP(freep) void *block = malloc(50000);
    assert_non_null(block);
    if (used > 0) /* a sanitizer's allocator tells nothing */
        assert_true(value_of(*state, "tbot_malloc_used_bytes") >= used + 50000);
    assert_true(value_of(*state, "tbot_malloc_heap_bytes") >=
                value_of(*state, "tbot_malloc_releasable_bytes"));
    value_of(*state, "tbot_malloc_mapped_bytes");
    value_of(*state, "tbot_malloc_free_bytes");
}

static void test_build_info_is_one_by_its_labels(void **state)
{
    process_metrics_build(*state, "1.2.3", NULL);
    assert_true(value_of(*state, "tbot_build_info{version=\"1.2.3\",revision=\"unknown\"}") == 1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat_has_the_fields_of_proc5),
        cmocka_unit_test(test_stat_that_is_none_is_refused),
        TEST(test_process_figures_are_those_of_this_process),
        TEST(test_start_is_as_long_ago_as_the_kernel_counts),
        TEST(test_processor_time_grows_with_work),
        TEST(test_allocator_shows_what_is_in_use),
        TEST(test_build_info_is_one_by_its_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
