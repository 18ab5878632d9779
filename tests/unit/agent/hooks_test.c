/* SPDX-License-Identifier: Apache-2.0 */
/* With a real helper and real programs: what is waited for is what they do. */
#include "agent/hooks.h"

#include "agent/hook_helper.h"
#include "agent/hook_lines.h"
#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"
#include "tests/support/config_text.h"
#include "tests/support/child.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_log.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define START                                                                                      \
    "version: v2\nproxy_server: p:443\nonboarding: {join_method: token, token: x}\nservices:\n"

struct world {
    struct temp_dir tmp;
    struct config *config;
    struct fake_entropy dice;
    struct loop *loop;
    struct metrics *metrics;
    struct test_log log;
    struct hooks *hooks;
};

static void forget(void *arg)
{
    struct world *w = arg;
    config_free(w->config);
}

static void on_changed(void *arg)
{
    (void)arg;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->tmp = temp_dir_make();
    fake_entropy_init(&w->dice, 7);
    test_log_open(&w->log, clock_system());
    assert_ok(loop_new(clock_system(), &w->loop));
    assert_ok(metrics_new(&w->metrics));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    hooks_free(w->hooks);
    config_free(w->config);
    metrics_free(w->metrics);
    loop_free(w->loop);
    test_log_close(&w->log);
    temp_dir_remove(&w->tmp);
    free(w);
    return 0;
}

static struct config *configure(const char *services)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    assert_ok(buf_printf(&text, START "%s", services));
    return config_of_text("t", buf_str(&text));
}

static void begin(struct world *w, const char *services)
{
    w->config = configure(services);
    const struct hooks_setup setup = {.config = w->config,
                                      .clock = clock_system(),
                                      .log = w->log.log,
                                      .forget = forget,
                                      .arg = w};
    const struct hooks_use use = {.loop = w->loop,
                                  .entropy = &w->dice.entropy,
                                  .metrics = w->metrics,
                                  .changed = on_changed,
                                  .arg = w};
    assert_ok(hooks_start(&setup, &w->hooks));
    assert_ok(hooks_attach(w->hooks, &use));
}

/* One service "web" with a command: this shell script. */
static void begin_script(struct world *w, const char *script, const char *more)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    assert_ok(buf_printf(&text, "#!/bin/sh\ncd %s\n%s", w->tmp.path, script));
    temp_dir_write(&w->tmp, "hook", buf_str(&text));
    assert_int_equal(chmod(temp_dir_join(&w->tmp, "hook"), 0700), 0);
    buf_clear(&text);
    assert_ok(buf_printf(&text,
                         "- {type: identity, name: web, destination: {type: memory}, "
                         "reload: {command: [%s/hook]%s}}\n",
                         w->tmp.path, more));
    begin(w, buf_str(&text));
}

static struct diag_hook look(const struct world *w, size_t i)
{
    size_t n = 0;
    const struct diag_hook *all = hooks_report(w->hooks, loop_now(w->loop), &n);
    assert_true(i < n);
    return all[i];
}

static bool has_run(const struct world *w, size_t i)
{
    struct diag_hook h = look(w, i);
    return strcmp(h.state, "running") != 0 && h.last_run.ns != WALL_NONE.ns;
}

static struct diag_hook run(struct world *w)
{
    hooks_run(w->hooks, "web", 3);
    while (!has_run(w, 0))
        assert_ok(loop_turn(w->loop));
    return look(w, 0);
}

/* Each number in the file is of a process that is no more, and there are so many. */
static void assert_gone(struct world *w, unsigned wanted)
{
    CLEANUP(freep) char *text = temp_dir_read(&w->tmp, "pids");
    unsigned n = 0;
    assert_non_null(text);
    for (char *end = text; *end; n++) {
        long pid = strtol(end, &end, 10);
        end += strspn(end, "\n");
        assert_true(pid > 1);
        if (kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            fail_msg("process %ld is still there", pid);
    }
    assert_int_equal(n, wanted);
}

static void assert_counted(struct world *w, const char *outcome, int wanted)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    char line[200];
    assert_ok(metrics_write(w->metrics, METRICS_PROMETHEUS, &text));
    snprintf(line, sizeof(line), "tbot_hook_runs_total{service=\"web\",outcome=\"%s\"} %d\n",
             outcome, wanted);
    assert_non_null(strstr(buf_str(&text), line));
}

/* --- what works --- */

static void test_without_hooks_there_is_no_helper(void **state)
{
    struct world *w = *state;
    begin(w, "- {type: identity, destination: {type: memory}}\n");
    assert_null(w->hooks);
    hooks_run(w->hooks, "web", 1);
    assert_false(hooks_is_busy(w->hooks));
}

static void test_success_is_told(void **state)
{
    struct world *w = *state;
    begin_script(w, "echo hello; exit 0\n", "");
    assert_counted(w, "ok", 0);
    struct diag_hook h = run(w);
    assert_null(h.error);
    assert_string_equal(h.state, "idle");
    assert_string_equal(h.kind, "command");
    assert_int_equal(h.failures, 0);
    assert_true(h.last_success.ns != WALL_NONE.ns);
    assert_false(hooks_is_busy(w->hooks));
    assert_int_equal(test_log_count(&w->log, "INFO  [web] the hook says output:hello\n"), 1);
    assert_int_equal(test_log_count(&w->log, "INFO  [web] the hook has run"), 1);
    assert_counted(w, "ok", 1);
}

static void test_files_that_did_not_change_are_no_news(void **state)
{
    struct world *w = *state;
    begin_script(w, "exit 0\n", "");
    hooks_run(w->hooks, "web", 0);
    assert_false(hooks_is_busy(w->hooks));
    hooks_run(w->hooks, "other", 1);
    assert_false(hooks_is_busy(w->hooks));
    hooks_run(w->hooks, "web", 1);
    assert_true(hooks_is_busy(w->hooks));
}

static void test_more_hooks_than_run_at_once_all_run(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    const size_t n = 3 * HOOK_HELPER_AT_ONCE;
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_printf(&text,
                             "- {type: identity, name: s%zu, destination: {type: memory}, "
                             "reload: {command: [/bin/true]}}\n",
                             i));
    begin(w, buf_str(&text));
    for (size_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%zu", i);
        hooks_run(w->hooks, name, 1);
    }
    while (hooks_is_busy(w->hooks))
        assert_ok(loop_turn(w->loop));
    for (size_t i = 0; i < n; i++)
        assert_true(has_run(w, i) && !look(w, i).error);
}

/* --- what a command does not get --- */

#define STRAY 50

/* As Linux before 5.9, and some containers. */
static int take_close_range_away(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof(code) / sizeof(*code), .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

/* Somebody who started us, or a service manager, left one open. */
static int run_with_stray_descriptor(void *arg)
{
    struct world *w = arg;
    if (take_close_range_away() != 0 || dup2(fileno(w->log_file), STRAY) != STRAY)
        return 1;
    begin_script(w, "test ! -e /proc/$$/fd/50\n", ", timeout: 1m");
    const char *error = run(w).error;
    if (error)
        fprintf(stderr, "%s\n", error);
    hooks_free(w->hooks);
    return error ? 2 : 0;
}

static void test_a_command_gets_no_descriptor_whatever_the_kernel(void **state)
{
    assert_int_equal(child_run(run_with_stray_descriptor, *state), 0);
}

/* --- what does not --- */

static void test_failure_is_told_with_its_status_and_retried(void **state)
{
    struct world *w = *state;
    begin_script(w, "echo oh >&2; exit 3\n", "");
    struct diag_hook h = run(w);
    assert_non_null(strstr(h.error, "/hook' ended with status 3"));
    assert_string_equal(h.state, "waiting");
    assert_int_equal(h.failures, 1);
    assert_true(h.next_attempt.ns > h.last_run.ns);
    assert_true(hooks_is_busy(w->hooks));
    assert_int_equal(test_log_count(&w->log, "the hook says output:oh\n"), 1);
    assert_counted(w, "failed", 1);
}

static void test_death_by_a_signal_is_told(void **state)
{
    struct world *w = *state;
    begin_script(w, "kill -9 $$\n", "");
    assert_non_null(strstr(run(w).error, "was ended by signal 9"));
}

static void test_program_that_is_not_there_is_told_before_and_after(void **state)
{
    struct world *w = *state;
    begin(w, "- {type: identity, name: web, destination: {type: memory}, "
             "reload: {command: [/nonexistent/program]}}\n");
    assert_int_equal(test_log_count(&w->log, "WARN  [web] the hook cannot be run as it is now"), 1);
    assert_non_null(strstr(run(w).error, "start '/nonexistent/program': No such file"));
}

static void test_what_hangs_is_killed_with_all_it_started(void **state)
{
    struct world *w = *state;
    begin_script(
        w,
        "trap '' TERM\n"
        "echo $$ >> pids\n"
        "sleep 1000 &\necho $! >> pids\n"
        "setsid sh -c 'echo $$ >> pids; trap \"\" TERM; while :; do read x; done' < /dev/zero &\n"
        "while [ $(wc -l < pids) -lt 3 ]; do :; done\n"
        "while :; do wait; done\n",
        ", timeout: 3s");
    struct diag_hook h = run(w);
    assert_non_null(strstr(h.error, "did not end within 3s and was killed"));
    assert_gone(w, 3);
    assert_counted(w, "timeout", 1);
}

static void test_what_is_left_running_is_killed(void **state)
{
    struct world *w = *state;
    begin_script(w,
                 "(setsid sh -c 'echo $$ >> pids; kill -STOP $$' &)\n"
                 "while [ ! -s pids ]; do :; done\nexit 0\n",
                 ", timeout: 1m");
    assert_null(run(w).error);
    assert_gone(w, 1);
}

static void test_flood_is_bounded(void **state)
{
    struct world *w = *state;
    begin_script(w, "yes | head -n 300000\n", ", timeout: 1m");
    assert_null(run(w).error);
    assert_int_equal(test_log_count(&w->log, "the hook says output:y\n"), HOOK_LINES_MAX);
    assert_int_equal(test_log_count(&w->log, "(299950 further lines are left out)"), 1);
}

/* --- ends --- */

static void test_stop_ends_what_runs_and_the_helper(void **state)
{
    struct world *w = *state;
    begin_script(w, "echo $$ >> pids\nmkfifo gate\nread x < gate\n", ", timeout: 1m");
    hooks_run(w->hooks, "web", 1);
    while (!temp_dir_has(&w->tmp, "gate"))
        assert_ok(loop_turn(w->loop));
    hooks_stop(w->hooks);
    while (hooks_is_busy(w->hooks))
        assert_ok(loop_turn(w->loop));
    assert_non_null(strstr(look(w, 0).error, "was cut off and killed"));
    assert_gone(w, 1);
    hooks_run(w->hooks, "web", 1);
    assert_false(hooks_is_busy(w->hooks));
}

static void test_end_without_a_loop_is_one_too(void **state)
{
    struct world *w = *state;
    begin_script(w, "echo $$ >> pids\nmkfifo gate\nread x < gate\n", ", timeout: 1m");
    hooks_run(w->hooks, "web", 1);
    while (!temp_dir_has(&w->tmp, "gate"))
        assert_ok(loop_turn(w->loop));
    hooks_end(w->hooks);
    assert_gone(w, 1);
}

/* --- another configuration --- */

#define HOOK(name, place, reload)                                                                  \
    "- {type: identity, name: " name ", destination: " place ", reload: {" reload "}}\n"
#define PLAIN(name) "- {type: identity, name: " name ", destination: /" name "}\n"

static void test_same_is_what_the_helper_can_serve(void **state)
{
    (void)state;
    static const char running[] =
        HOOK("a", "/a", "command: [/bin/a, x]") HOOK("b", "/b", "pid_file: /p") PLAIN("c");
    static const struct {
        const char *services, *other;
    } cases[] = {
        {HOOK("a", "/a", "command: [/bin/a, x]") HOOK("b", "/b", "pid_file: /p") PLAIN("c"), NULL},
        {HOOK("b", "/b", "pid_file: /p") PLAIN("d") PLAIN("a"), NULL}, /* fewer, in another order */
        {HOOK("a", "/a", "command: [/bin/a]"), "a"},
        {HOOK("a", "/a", "command: [/bin/a, y]"), "a"},
        {HOOK("a", "/a", "command: [/bin/a, x], timeout: 3s"), "a"},
        {HOOK("a", "/other", "command: [/bin/a, x]"), "a"},
        {HOOK("b", "/b", "pid_file: /q"), "b"},
        {HOOK("b", "/b", "pid_file: /p, signal: USR1"), "b"},
        {HOOK("b", "/b", "command: [/bin/a, x]"), "b"},
        {HOOK("c", "/c", "pid_file: /p"), "c"},
        {HOOK("new", "/new", "pid_file: /p"), "new"},
    };
    CLEANUP(config_freep) struct config *before = configure(running);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(config_freep) struct config *next = configure(cases[i].services);
        const char *other = NULL;
        assert_int_equal(hooks_same(before, next, &other), cases[i].other == NULL);
        if (cases[i].other)
            assert_string_equal(other, cases[i].other);
    }
}

static bool is_counted(struct world *w)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    assert_ok(metrics_write(w->metrics, METRICS_PROMETHEUS, &text));
    return strstr(buf_str(&text), "service=\"web\"") != NULL;
}

static size_t n_told(const struct world *w)
{
    size_t n = 0;
    (void)hooks_report(w->hooks, loop_now(w->loop), &n);
    return n;
}

static void test_hook_that_is_taken_away_is_not_begun_until_it_is_back(void **state)
{
    struct world *w = *state;
    CLEANUP(config_freep)
    struct config *without =
        configure("- {type: identity, name: web, destination: {type: memory}}\n");
    begin_script(w, "exit 3\n", "");
    assert_string_equal(run(w).state, "waiting");
    hooks_adopt(w->hooks, without);
    assert_false(hooks_is_busy(w->hooks)); /* no retry */
    assert_int_equal(n_told(w), 0);
    hooks_run(w->hooks, "web", 1);
    assert_false(hooks_is_busy(w->hooks));
    hooks_adopt(w->hooks, w->config);
    assert_int_equal(n_told(w), 1);
    hooks_run(w->hooks, "web", 1);
    assert_true(hooks_is_busy(w->hooks));
}

static void test_hook_that_is_taken_away_while_it_runs_is_not_counted(void **state)
{
    struct world *w = *state;
    CLEANUP(config_freep) struct config *without = configure(PLAIN("other"));
    begin_script(w, "mkfifo gate\nread x < gate\nexit 3\n", ", timeout: 1m");
    hooks_run(w->hooks, "web", 1);
    while (!temp_dir_has(&w->tmp, "gate"))
        assert_ok(loop_turn(w->loop));
    hooks_run(w->hooks, "web", 1); /* once more, afterwards */
    metrics_forget(w->metrics, "service", "web");
    hooks_adopt(w->hooks, without);
    temp_dir_write(&w->tmp, "gate", "go\n");
    while (hooks_is_busy(w->hooks))
        assert_ok(loop_turn(w->loop));
    assert_false(is_counted(w));
    hooks_adopt(w->hooks, w->config);
    assert_counted(w, "failed", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_hooks_there_is_no_helper),
        TEST(test_success_is_told),
        TEST(test_files_that_did_not_change_are_no_news),
        TEST(test_more_hooks_than_run_at_once_all_run),
        TEST(test_a_command_gets_no_descriptor_whatever_the_kernel),
        TEST(test_failure_is_told_with_its_status_and_retried),
        TEST(test_death_by_a_signal_is_told),
        TEST(test_program_that_is_not_there_is_told_before_and_after),
        TEST(test_what_hangs_is_killed_with_all_it_started),
        TEST(test_what_is_left_running_is_killed),
        TEST(test_flood_is_bounded),
        TEST(test_stop_ends_what_runs_and_the_helper),
        TEST(test_end_without_a_loop_is_one_too),
        TEST(test_hook_that_is_taken_away_is_not_begun_until_it_is_back),
        TEST(test_hook_that_is_taken_away_while_it_runs_is_not_counted),
        cmocka_unit_test(test_same_is_what_the_helper_can_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
