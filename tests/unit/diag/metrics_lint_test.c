/* SPDX-License-Identifier: Apache-2.0 */

/* Every metric we have, as others read it: promtool, and a strict reader of OpenMetrics. */

#include "diag/core/agent_metrics.h"
#include "diag/core/metrics_text.h"
#include "diag/core/task_metrics.h"
#include "diag/health_metrics.h"
#include "diag/process_metrics.h"
#include "diag/server_metrics.h"
#include "openmetrics_check.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

struct fixture {
    struct fake_clock time;
    struct health *health;
    struct metrics *m;
    struct health_metrics hm;
    struct buf text;
    struct temp_dir dir;
    char *said; /* by promtool */
};

/* One service whose name needs every escape there is, and as many more as make about 200 series. */
static void add_services(struct fixture *f, int n)
{
    struct now now = clock_now(&f->time.clock);
    for (int i = 0; i < n; i++) {
        char name[32] = "a \"b\"\\c\nd";
        struct health_service *s = NULL;
        if (i > 0)
            snprintf(name, sizeof(name), "service-%d", i);
        assert_ok(health_add(f->health, name, HEALTH_SERVICE, now, &s));
        health_succeeded(s, "renew", now);
        health_plan(s, wall_add(now.wall, dur_s(600)));
        agent_metrics_renewed(f->m, name, ERR_OK, dur_ms(30));
        struct task_run run = {.service = name, .name = "renewal"};
        task_metrics_begin(f->m, &run, now.mono);
        task_metrics_end(f->m, &run, true, now.mono);
    }
}

static void count_everything(struct metrics *m)
{
    agent_metrics_renewed(m, "ssh", ERR_DENIED, dur_s(1));
    agent_metrics_authority(m, "proxy", true, wall_of_unix(1767323045));
    agent_metrics_called(m, "Ping", ERR_OK, dur_ms(3));
    agent_metrics_called(m, "Ping", ERR_UNAVAILABLE, dur_s(3));
    agent_metrics_dialled(m, true);
    agent_metrics_reloaded(m, true);
    agent_metrics_pushed(m, "url", false);
    server_metrics_answered(m, "/readyz/{service}", 200);
    server_metrics_took(m, dur_ms(1));
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.text = BUF_INIT(8 << 20), .dir = temp_dir_make()};
    fake_clock_init(&f.time, "2026-01-02T03:04:05Z");
    assert_ok(health_new(&f.health));
    assert_ok(metrics_new(&f.m));
    f.hm = (struct health_metrics){f.health, &f.time.clock};
    process_metrics_build(f.m, "1.2.3", "0f3c2a1");
    process_metrics_watch(f.m, clock_now(clock_system()));
    health_metrics_watch(&f.hm, f.m);
    agent_metrics_declare(f.m);
    task_metrics_declare(f.m);
    server_metrics_declare(f.m);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->said);
    temp_dir_remove(&f->dir);
    buf_release(&f->text);
    metrics_free(f->m);
    health_free(f->health);
    return 0;
}

static const char *look(struct fixture *f, enum metrics_format format)
{
    buf_clear(&f->text);
    assert_ok(metrics_write(f->m, format, &f->text));
    return buf_str(&f->text);
}

static void assert_openmetrics(struct fixture *f)
{
    size_t n = 0;
    const char *what = openmetrics_check(look(f, METRICS_OPENMETRICS), &n);
    if (what)
        fail_msg("%s in\n%s", what, buf_str(&f->text));
    assert_true(n > 10);
}

static void test_openmetrics_is_well_formed_with_and_without_series(void **state)
{
    struct fixture *f = *state;
    assert_openmetrics(f);
    count_everything(f->m);
    add_services(f, 5);
    assert_openmetrics(f);
}

/* So that a reader that accepts anything would be noticed. */
static void test_reader_refuses_what_openmetrics_forbids(void **state)
{
    (void)state;
#define HEAD "# HELP a A.\n# TYPE a "
    static const char *const bad[] = {
        "",
        HEAD "gauge\na 1\n",
        HEAD "gauge\na 1\n# EOF",
        HEAD "gauge\na 1\n# EOF\n\n",
        HEAD "gauge\n\na 1\n# EOF\n",
        HEAD "gauge\nb 1\n# EOF\n",
        HEAD "gauge\na 1\na 2\n# EOF\n",
        HEAD "gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n",
        HEAD "gauge\na{x=\"\\t\"} 1\n# EOF\n",
        HEAD "gauge\na{x=1} 1\n# EOF\n",
        HEAD "gauge\na one\n# EOF\n",
        HEAD "untyped\na 1\n# EOF\n",
        HEAD "counter\na 1\n# EOF\n",
        HEAD "counter\na_total -1\n# EOF\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# EOF\n",
        "# HELP a A.\na 1\n# EOF\n",
        HEAD "gauge\na 1\n# HELP b B.\n# TYPE b gauge\nb 1\n" HEAD "gauge\n# EOF\n",
        HEAD
        "histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
        HEAD
        "histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
        HEAD "histogram\na_bucket{le=\"1.0\"} 1\na_sum 1\na_count 1\n# EOF\n",
        HEAD "histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n# EOF\n",
        HEAD "histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\n# EOF\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t n = 0;
        if (!openmetrics_check(bad[i], &n))
            fail_msg("accepted:\n%s", bad[i]);
    }
}

/* -1: there is no promtool. Its complaints are in "said". */
static int run_promtool(struct temp_dir *dir)
{
    int in = open(temp_dir_join(dir, "metrics"), O_RDONLY | O_CLOEXEC);
    int out = open(temp_dir_join(dir, "said"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(in);
    close(out);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

static void test_promtool_has_nothing_to_say(void **state)
{
    struct fixture *f = *state;
    count_everything(f->m);
    add_services(f, 5);
    temp_dir_write(&f->dir, "metrics", look(f, METRICS_PROMETHEUS));
    int code = run_promtool(&f->dir);
    f->said = temp_dir_read(&f->dir, "said");
    if (code == -1) {
        print_message("promtool is not installed\n");
        skip();
    }
    if (code != 0 || *f->said)
        fail_msg("promtool: %s", f->said);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_openmetrics_is_well_formed_with_and_without_series),
        cmocka_unit_test(test_reader_refuses_what_openmetrics_forbids),
        TEST(test_promtool_has_nothing_to_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
