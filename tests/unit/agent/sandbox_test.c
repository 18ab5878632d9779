/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it, entered in children: what an agent with a configuration can still do. */
#include "agent/sandbox.h"

#include "tests/support/assert_err.h"
#include "tests/support/child.h"
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define FAILED 200 /* what no errno is */

/* A kernel may have less than the one we run on, never more. */
static int newest = 1000;
int __real_landlock_version(void);
int __wrap_landlock_version(void);

int __wrap_landlock_version(void)
{
    int version = __real_landlock_version();
    return version < newest ? version : newest;
}

struct world {
    struct temp_dir tmp;
    struct config *config;
    struct log *log;
    bool is_unwanted;
    int (*try)(struct world *w, const struct sandbox *s);
    const char *path; /* that `try` tries, from the directory */
};

static struct config *parse(struct world *w, const char *output)
{
    char text[1024];
    struct config *c = NULL;
    const char *at = w->tmp.path;
    snprintf(text, sizeof(text),
             "version: v2\nauth_server: a:1\n"
             "onboarding: {join_method: token, token: %s/conf/token}\n"
             "storage: {type: directory, path: %s/storage}\n"
             "outputs:\n- type: identity\n  destination: {type: directory, path: %s/%s}\n",
             at, at, at, output);
    struct err *e = config_parse(temp_dir_join(&w->tmp, "conf/tbot.yaml"), bytes_of_str(text), &c);
    if (!e)
        e = config_validate(c);
    if (e)
        fprintf(stderr, "%s\n", err_text(e));
    return e ? NULL : c;
}

static int setup(void **state)
{
    static struct world w;
    static const char *const dirs[] = {"conf", "secret", "real"};
    w = (struct world){.tmp = temp_dir_make()};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        assert_int_equal(mkdir(temp_dir_join(&w.tmp, dirs[i]), 0700), 0);
    temp_dir_write(&w.tmp, "conf/tbot.yaml", "old");
    temp_dir_write(&w.tmp, "secret/key", "k");
    temp_dir_write(&w.tmp, "real/token", "t");
    assert_int_equal(symlink("../real/token", temp_dir_join(&w.tmp, "conf/token")), 0);
    w.config = parse(&w, "deep/out");
    w.log = log_new(STDERR_FILENO, LOG_TEXT, LOG_ERROR, clock_system());
    assert_true(w.config && w.log);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    newest = 1000;
    config_free(w->config);
    log_free(w->log);
    temp_dir_remove(&w->tmp);
    return 0;
}

static struct err *enter(struct world *w, struct sandbox **ret)
{
    const struct sandbox_config config = {
        .config = w->config, .log = w->log, .is_unwanted = w->is_unwanted};
    return chdir(w->tmp.path) == 0 ? sandbox_enter(&config, ret) : err_new(ERR_BUG, "chdir");
}

static int in_child(void *arg)
{
    struct world *w = arg;
    struct sandbox *s = NULL;
    struct err *e = enter(w, &s);
    if (e)
        fprintf(stderr, "%s\n", err_text(e));
    return e ? FAILED : w->try(w, s);
}

static int outcome(struct world *w, int (*try)(struct world *w, const struct sandbox *s),
                   const char *path)
{
    w->try = try;
    w->path = path;
    return child_run(in_child, w);
}

static int is_closed(struct world *w, const struct sandbox *s)
{
    struct sandbox_state is = sandbox_state(s);
    (void)w;
    return !is.no_landlock && !is.no_seccomp && is.landlock_version > 0;
}

/* Builds for sanitizers and old kernels have none: that is said, and counted. */
static struct world *need_sandbox(void **state)
{
    struct world *w = *state;
    if (outcome(w, is_closed, NULL) != 1) {
        print_message("no sandbox can be closed here\n");
        skip();
    }
    return w;
}

static int try_reading(struct world *w, const struct sandbox *s)
{
    (void)s;
    CLEANUP(closep) int fd = open(w->path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : 0;
}

static int try_writing(struct world *w, const struct sandbox *s)
{
    (void)s;
    CLEANUP(closep) int fd = open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? errno : 0;
}

static int try_executing(struct world *w, const struct sandbox *s)
{
    (void)w;
    (void)s;
    execl("/bin/true", "true", (char *)NULL);
    return errno;
}

/* A program that makes whoever starts it root: {version 2, effective}, every capability. */
static int try_making_programs(struct world *w, const struct sandbox *s)
{
    static const uint8_t all[] = {1, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0,
                                  0, 0, 0, 0, 0,    0,    0,    0,    0, 0};
    (void)s;
    CLEANUP(closep) int fd = open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    if (fd < 0)
        return FAILED;
    return fsetxattr(fd, "security.capability", all, sizeof(all), 0) == 0 ? 0 : errno;
}

/* What root does for an output that somebody else reads. */
static int try_giving_away(struct world *w, const struct sandbox *s)
{
    enum { SOMEBODY = 1234 };
    (void)s;
    CLEANUP(closep) int fd = open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fchown(fd, SOMEBODY, SOMEBODY) != 0 || fchmod(fd, 0640) != 0)
        return errno;
    CLEANUP(closep) int again = open(w->path, O_WRONLY | O_CLOEXEC);
    return again < 0 ? errno : 0;
}

static void *read_in_thread(void *arg)
{
    return (void *)(intptr_t)try_reading(arg, NULL);
}

static int try_in_thread(struct world *w, const struct sandbox *s)
{
    pthread_t t;
    void *ret = NULL;
    (void)s;
    if (pthread_create(&t, NULL, read_in_thread, w) != 0 || pthread_join(t, &ret) != 0)
        return FAILED;
    return (int)(intptr_t)ret;
}

static void test_what_the_configuration_names_is_open(void **state)
{
    struct world *w = need_sandbox(state);
    assert_int_equal(outcome(w, try_writing, "storage/tlscert"), 0);
    assert_int_equal(outcome(w, try_writing, "deep/out/tlscert"), 0);
    assert_int_equal(outcome(w, try_reading, "conf/tbot.yaml"), 0);
    assert_int_equal(outcome(w, try_reading, "conf/token"), 0);
    assert_int_equal(outcome(w, try_reading, "/etc/passwd"), 0);
    assert_int_equal(outcome(w, try_reading, "/proc/self/stat"), 0);
    assert_int_equal(outcome(w, try_reading, "/dev/urandom"), 0);
}

static void test_everything_else_is_closed(void **state)
{
    static const char *const unread[] = {"secret/key", ".", "/", "/proc/1/stat", "/bin/sh"};
    static const char *const unwritten[] = {"new",           "secret/key",    "conf/tbot.yaml",
                                            "deep/new",      "/etc/tbot.new", "/dev/null",
                                            "/proc/self/mem"};
    struct world *w = need_sandbox(state);
    for (size_t i = 0; i < sizeof(unread) / sizeof(*unread); i++)
        assert_int_equal(outcome(w, try_reading, unread[i]), EACCES);
    for (size_t i = 0; i < sizeof(unwritten) / sizeof(*unwritten); i++)
        assert_int_equal(outcome(w, try_writing, unwritten[i]), EACCES);
}

static void test_it_holds_for_threads_and_starts_no_program(void **state)
{
    struct world *w = need_sandbox(state);
    assert_int_equal(outcome(w, try_executing, NULL), -SIGSYS);
    assert_int_equal(outcome(w, try_in_thread, "secret/key"), EACCES);
    assert_int_equal(outcome(w, try_in_thread, "conf/token"), 0);
}

static void test_root_keeps_what_files_need_and_no_more(void **state)
{
    struct world *w = need_sandbox(state);
    if (geteuid() != 0) {
        print_message("only root has more\n");
        skip();
    }
    assert_int_equal(outcome(w, try_making_programs, "storage/program"), EPERM);
    assert_int_equal(outcome(w, try_giving_away, "deep/out/key"), 0);
}

/* The other end is outside, and does what editors and those who hand out tokens do. */
static pid_t wait_and_replace(struct world *w, int wait)
{
    pid_t pid = fork();
    char byte;
    if (pid == 0)
        _exit(read(wait, &byte, 1) == 1 && rename("next", w->path) == 0 ? 0 : 1);
    return pid;
}

static int read_what_was_replaced(void *arg)
{
    struct world *w = arg;
    struct sandbox *s = NULL;
    struct stat st;
    int go[2];
    if (chdir(w->tmp.path) != 0 || pipe2(go, O_CLOEXEC) != 0)
        return FAILED;
    wait_and_replace(w, go[0]);
    struct err *e = enter(w, &s);
    if (e || write(go[1], "x", 1) != 1)
        return FAILED;
    while (stat("next", &st) == 0) /* wait(2) is not for those inside */
        sched_yield();
    return try_reading(w, s);
}

static void test_files_that_were_replaced_are_read(void **state)
{
    static const char *const replaced[] = {"conf/tbot.yaml", "real/token"};
    struct world *w = need_sandbox(state);
    for (size_t i = 0; i < sizeof(replaced) / sizeof(*replaced); i++) {
        temp_dir_write(&w->tmp, "next", "new");
        w->path = replaced[i];
        assert_int_equal(child_run(read_what_was_replaced, w), 0);
    }
}

static int list_ourselves(struct world *w, const struct sandbox *s)
{
    (void)w;
    (void)s;
    DIR *d = opendir("/proc/self/fd");
    return d ? closedir(d) : errno;
}

static void test_our_own_entry_in_proc_is_read(void **state)
{
    struct world *w = need_sandbox(state);
    assert_int_equal(outcome(w, list_ourselves, NULL), 0);
}

static void test_above_a_directory_that_cannot_be_made_it_is_open(void **state)
{
    struct world *w = *state;
    temp_dir_write(&w->tmp, "deep", "a file in its way");
    need_sandbox(state);
    assert_int_equal(outcome(w, try_writing, "anything"), 0);
    assert_int_equal(outcome(w, try_writing, "../tbot.new"), EACCES);
}

static int has_calls_only(struct world *w, const struct sandbox *s)
{
    struct sandbox_state is = sandbox_state(s);
    if (is.no_seccomp || !is.no_landlock || is.landlock_version != 0)
        return FAILED;
    return strstr(is.no_landlock, w->path) && !sandbox_check(s, w->config) ? 0 : 1;
}

static void test_what_the_kernel_lacks_is_said_and_the_rest_is_closed(void **state)
{
    struct world *w = need_sandbox(state);
    newest = 0;
    assert_int_equal(outcome(w, has_calls_only, "this kernel has no Landlock"), 0);
    assert_int_equal(outcome(w, try_reading, "secret/key"), 0);
    assert_int_equal(outcome(w, try_executing, NULL), -SIGSYS);
}

static void test_each_older_kernel_closes_what_it_can(void **state)
{
    struct world *w = need_sandbox(state);
    for (newest = 1; newest <= __real_landlock_version(); newest++) {
        assert_int_equal(outcome(w, try_writing, "deep/out/tlscert"), 0);
        assert_int_equal(outcome(w, try_writing, "secret/key"), EACCES);
    }
}

static void test_generations_need_a_newer_kernel_than_files(void **state)
{
    struct world *w = need_sandbox(state);
    w->config->services[0].destination.atomic = CONFIG_ATOMIC_SYMLINK;
    assert_int_equal(outcome(w, is_closed, NULL), 1);
    newest = 1;
    assert_int_equal(outcome(w, has_calls_only, "needs Linux 5.19"), 0);
}

static int what_is_said(struct world *w, const struct sandbox *s)
{
    struct sandbox_state is = sandbox_state(s);
    (void)w;
    return is.no_landlock && is.no_seccomp && strcmp(is.no_landlock, "--no-sandbox") == 0 &&
           strcmp(is.no_seccomp, "--no-sandbox") == 0 && is.landlock_version == 0;
}

static void test_unwanted_it_is_not_there_and_says_so(void **state)
{
    struct world *w = *state;
    w->is_unwanted = true;
    assert_int_equal(outcome(w, what_is_said, NULL), 1);
    assert_int_equal(outcome(w, try_reading, "secret/key"), 0);
    assert_int_equal(outcome(w, try_executing, NULL), 0);
    assert_non_null(sandbox_state(NULL).no_landlock);
}

/* --- at a reload --- */

/* 0: it is good; 1: it is refused, as agreed. */
static int check_next(struct world *w, const struct sandbox *s)
{
    struct config *next = parse(w, w->path);
    struct err *e = next ? sandbox_check(s, next) : err_new(ERR_BUG, "bad test");
    char *said = e ? err_text(e) : NULL;
    if (!e)
        return 0;
    bool is_named =
        strstr(said, w->path) && strstr(said, "' is outside the sandbox: restart needed");
    return is_named && err_code(e) == ERR_CONFIG ? 1 : FAILED;
}

static void test_a_configuration_that_needs_more_is_refused(void **state)
{
    struct world *w = need_sandbox(state);
    assert_int_equal(outcome(w, check_next, "deep/out"), 0);
    assert_int_equal(outcome(w, check_next, "deep/out/more"), 0);
    assert_int_equal(outcome(w, check_next, "deep/other"), 1);
    w->is_unwanted = true;
    assert_int_equal(outcome(w, check_next, "deep/other"), 0);
    assert_ok(sandbox_check(NULL, w->config));
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_the_configuration_names_is_open),
        TEST(test_everything_else_is_closed),
        TEST(test_it_holds_for_threads_and_starts_no_program),
        TEST(test_root_keeps_what_files_need_and_no_more),
        TEST(test_files_that_were_replaced_are_read),
        TEST(test_our_own_entry_in_proc_is_read),
        TEST(test_above_a_directory_that_cannot_be_made_it_is_open),
        TEST(test_what_the_kernel_lacks_is_said_and_the_rest_is_closed),
        TEST(test_each_older_kernel_closes_what_it_can),
        TEST(test_generations_need_a_newer_kernel_than_files),
        TEST(test_unwanted_it_is_not_there_and_says_so),
        TEST(test_a_configuration_that_needs_more_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
