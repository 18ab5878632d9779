/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/agent_metrics.h"

#include "diag/core/metrics_text.h"
#include "diag/core/task_metrics.h"
#include "tests/support/assert_err.h"

struct fixture {
    struct metrics *m;
    struct buf text;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.text = BUF_INIT(1 << 20)};
    assert_ok(metrics_new(&f.m));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    buf_release(&f->text);
    metrics_free(f->m);
    return 0;
}

static void assert_shows(struct fixture *f, const char *line)
{
    buf_clear(&f->text);
    assert_ok(metrics_write(f->m, METRICS_PROMETHEUS, &f->text));
    if (!strstr(buf_str(&f->text), line))
        fail_msg("no line '%s' in\n%s", line, buf_str(&f->text));
}

static struct mono at(int64_t ms)
{
    return (struct mono){dur_ms(ms).ns};
}

static void test_task_counts_cycles_retries_and_time_in_tbots_names(void **state)
{
    struct fixture *f = *state;
    struct task_run run = {.service = "identity", .name = "renewal"};
    task_metrics_begin(f->m, &run, at(1000));
    assert_shows(f, "\ntbot_task_iterations_total{service=\"identity\",name=\"renewal\"} 1\n");
    assert_shows(f, "\ntbot_task_iterations_failed{service=\"identity\",name=\"renewal\"} 0\n");
    task_metrics_retry(&run);
    task_metrics_retry(&run);
    task_metrics_end(f->m, &run, true, at(1200));
    assert_shows(
        f, "iterations_successful_bucket{service=\"identity\",name=\"renewal\",le=\"1\"} 0\n");
    assert_shows(
        f, "iterations_successful_bucket{service=\"identity\",name=\"renewal\",le=\"2\"} 1\n");
    assert_shows(f, "iteration_duration_seconds_bucket{service=\"identity\",name=\"renewal\","
                    "le=\"0.175\"} 0\n");
    assert_shows(f, "iteration_duration_seconds_bucket{service=\"identity\",name=\"renewal\","
                    "le=\"0.30625\"} 1\n");
    task_metrics_begin(f->m, &run, at(2000));
    task_metrics_end(f->m, &run, false, at(22000));
    assert_shows(f, "tbot_task_iterations_total{service=\"identity\",name=\"renewal\"} 2\n");
    assert_shows(f, "tbot_task_iterations_failed{service=\"identity\",name=\"renewal\"} 1\n");
    assert_shows(f, "iterations_successful_count{service=\"identity\",name=\"renewal\"} 1\n");
    assert_shows(f, "iteration_duration_seconds_sum{service=\"identity\",name=\"renewal\"} 20.2\n");
}

static void test_renewal_has_result_code_and_time(void **state)
{
    struct fixture *f = *state;
    agent_metrics_renewed(f->m, "ssh", ERR_OK, dur_ms(20));
    agent_metrics_renewed(f->m, "ssh", ERR_UNAVAILABLE, dur_s(30));
    assert_shows(f, "tbot_renewals_total{service=\"ssh\",result=\"ok\",code=\"ok\"} 1\n");
    assert_shows(f,
                 "tbot_renewals_total{service=\"ssh\",result=\"failed\",code=\"unavailable\"} 1\n");
    assert_shows(f, "tbot_renewal_duration_seconds_bucket{service=\"ssh\",le=\"0.025\"} 1\n");
    assert_shows(f, "tbot_renewal_duration_seconds_bucket{service=\"ssh\",le=\"30\"} 2\n");
}

static void test_authority_shows_the_path_it_has_now(void **state)
{
    struct fixture *f = *state;
    agent_metrics_authority(f->m, "unknown", false, WALL_NONE);
    assert_shows(f, "tbot_authority_connected{path=\"unknown\"} 0\n");
    assert_null(strstr(buf_str(&f->text), "last_contact"));
    agent_metrics_authority(f->m, "proxy", true, wall_of_unix(1767323045));
    assert_shows(f, "tbot_authority_connected{path=\"proxy\"} 1\n");
    assert_shows(f, "tbot_authority_last_contact_timestamp_seconds 1767323045\n");
    assert_null(strstr(buf_str(&f->text), "path=\"unknown\""));
}

static void test_events_are_counted_by_outcome(void **state)
{
    struct fixture *f = *state;
    agent_metrics_called(f->m, "Ping", ERR_OK, dur_ms(2));
    agent_metrics_called(f->m, "Ping", ERR_TIMEOUT, dur_s(10));
    agent_metrics_dialled(f->m, true);
    agent_metrics_dialled(f->m, false);
    agent_metrics_dialled(f->m, false);
    agent_metrics_reloaded(f->m, false);
    agent_metrics_pushed(f->m, "graphite", true);
    agent_metrics_expect_hook(f->m, "web");
    agent_metrics_hook_ran(f->m, "web", ERR_TIMEOUT);
    agent_metrics_hook_ran(f->m, "web", ERR_NOT_FOUND);
    assert_shows(f, "tbot_rpc_requests_total{method=\"Ping\",code=\"ok\"} 1\n");
    assert_shows(f, "tbot_rpc_requests_total{method=\"Ping\",code=\"timeout\"} 1\n");
    assert_shows(f, "tbot_rpc_duration_seconds_bucket{method=\"Ping\",le=\"0.0025\"} 1\n");
    assert_shows(f, "tbot_rpc_duration_seconds_count{method=\"Ping\"} 2\n");
    assert_shows(f, "tbot_path_cache_hits_total 1\n");
    assert_shows(f, "tbot_path_cache_misses_total 2\n");
    assert_shows(f, "tbot_reloads_total{result=\"failed\"} 1\n");
    assert_shows(f, "tbot_metrics_pushes_total{target=\"graphite\",result=\"ok\"} 1\n");
    assert_shows(f, "tbot_hook_runs_total{service=\"web\",outcome=\"ok\"} 0\n");
    assert_shows(f, "tbot_hook_runs_total{service=\"web\",outcome=\"timeout\"} 1\n");
    assert_shows(f, "tbot_hook_runs_total{service=\"web\",outcome=\"failed\"} 1\n");
}

static void test_declared_counters_begin_at_zero(void **state)
{
    struct fixture *f = *state;
    agent_metrics_declare(f->m);
    task_metrics_declare(f->m);
    assert_shows(f, "tbot_path_cache_misses_total 0\n");
    assert_shows(f, "tbot_reloads_total{result=\"ok\"} 0\n");
    assert_shows(f, "# TYPE tbot_renewals_total counter\n");
    assert_shows(f, "# TYPE tbot_task_iterations_failed untyped\n");
    assert_shows(f, "# TYPE tbot_task_iterations_successful histogram\n");
}

static void test_nobody_has_to_count(void **state)
{
    (void)state;
    struct task_run run = {.service = "a", .name = "b"};
    agent_metrics_declare(NULL);
    agent_metrics_authority(NULL, "auth", true, WALL_NONE);
    agent_metrics_called(NULL, "Ping", ERR_OK, dur_ms(1));
    task_metrics_declare(NULL);
    task_metrics_begin(NULL, &run, at(0));
    task_metrics_end(NULL, &run, true, at(1));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_task_counts_cycles_retries_and_time_in_tbots_names),
        TEST(test_renewal_has_result_code_and_time),
        TEST(test_authority_shows_the_path_it_has_now),
        TEST(test_events_are_counted_by_outcome),
        TEST(test_declared_counters_begin_at_zero),
        cmocka_unit_test(test_nobody_has_to_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
