/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diagnostics.h"

#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    struct fake_clock time;
    struct temp_dir dir;
    struct loop *loop;
    struct config *config;
    struct test_log log;
    struct diagnostics *diagnostics;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    w->dir = temp_dir_make();
    test_log_open(&w->log, &w->time.clock);
    assert_ok(loop_new(&w->time.clock, &w->loop));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    diagnostics_free(w->diagnostics);
    config_free(w->config);
    loop_free(w->loop);
    test_log_close(&w->log);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* `lines` of the configuration, for storage in `storage` of the test's directory. */
static struct err *begin(struct world *w, const char *storage, const char *lines)
{
    char text[1000];
    snprintf(text, sizeof(text),
             "version: v2\nauth_server: a:1\nonboarding: {join_method: token, token: t}\n"
             "storage: {type: directory, path: %s/%s}\n%s",
             w->dir.path, storage, lines);
    assert_ok(config_parse("t", bytes_of_str(text), &w->config));
    assert_ok(config_validate(w->config));
    struct diagnostics_config config = {.config = w->config,
                                        .loop = w->loop,
                                        .clock = &w->time.clock,
                                        .log = w->log.log,
                                        .version = "1.2.3"};
    struct health_service *s = NULL;
    assert_ok(diagnostics_new(&config, &w->diagnostics));
    assert_ok(diagnostics_add(w->diagnostics, "identity", HEALTH_SERVICE, &s));
    return diagnostics_listen(w->diagnostics);
}

static bool is_socket(const struct world *w, const char *name)
{
    struct stat st;
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", w->dir.path, name);
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void test_socket_is_there_unless_off(void **state)
{
    struct world *w = *state;
    assert_ok(begin(w, ".", ""));
    assert_true(is_socket(w, "diag.sock"));
    diagnostics_free(TAKE(w->diagnostics));
    assert_false(is_socket(w, "diag.sock"));
    config_free(TAKE(w->config));
    assert_ok(begin(w, ".", "diag_socket: off\n"));
    assert_false(is_socket(w, "diag.sock"));
}

static void test_default_socket_that_cannot_be_made_is_a_warning(void **state)
{
    struct world *w = *state;
    assert_ok(begin(w, "missing", "diag_addr: 127.0.0.1:0\n"));
    assert_int_equal(test_log_count(&w->log, "there is no local diagnostics socket"), 1);
    assert_int_equal(test_log_count(&w->log, "opening its directory '"), 1);
    assert_int_equal(
        test_log_count(&w->log,
                       "hint:\"Create the directory, and let the agent's user write to it. Or "
                       "name another place with 'diag_socket', or set it to off.\""),
        1);
    assert_int_equal(test_log_count(&w->log, "listening address:127.0.0.1:0"), 1);
}

static void test_place_that_somebody_asked_for_is_an_error(void **state)
{
    struct world *w = *state;
    char line[400];
    snprintf(line, sizeof(line), "diag_socket: %s/missing/diag.sock\n", w->dir.path);
    CLEANUP(err_freep) struct err *e = begin(w, ".", line);
    assert_int_equal(err_code(e), ERR_STORAGE);
}

static void test_one_pass_listens_nowhere(void **state)
{
    struct world *w = *state;
    assert_ok(begin(w, ".", "oneshot: true\ndiag_addr: 127.0.0.1:0\n"));
    assert_false(is_socket(w, "diag.sock"));
    assert_int_equal(test_log_count(&w->log, "listening"), 0);
}

static void test_metrics_tell_of_services_process_and_build(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    static const char *const lines[] = {
        "\ntbot_build_info{version=\"1.2.3\",revision=\"unknown\"} 1\n",
        "\nprocess_state 3\n",
        "\ntbot_service_state{service=\"identity\",state=\"starting\"} 1\n",
        "\nprocess_open_fds ",
        "\n# TYPE tbot_renewals_total counter\n",
        "\n# TYPE tbot_task_iterations_total counter\n",
    };
    assert_ok(begin(w, ".", ""));
    assert_ok(metrics_write(diagnostics_metrics(w->diagnostics), METRICS_PROMETHEUS, &text));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (!strstr(buf_str(&text), lines[i]))
            fail_msg("no '%s'", lines[i]);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_socket_is_there_unless_off),
        TEST(test_default_socket_that_cannot_be_made_is_a_warning),
        TEST(test_place_that_somebody_asked_for_is_an_error),
        TEST(test_one_pass_listens_nowhere),
        TEST(test_metrics_tell_of_services_process_and_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
