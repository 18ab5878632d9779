/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_signal.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOMEBODY 54321 /* a user who has nothing to do with us */

struct world {
    struct temp_dir tmp;
    char path[320];
    pid_t child; /* waits for a signal */
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->tmp = temp_dir_make();
    snprintf(w->path, sizeof(w->path), "%s", temp_dir_join(&w->tmp, "pid"));
    w->child = fork();
    if (w->child == 0) {
        signal(SIGUSR1, SIG_DFL);
        for (;;)
            pause();
    }
    *state = w;
    return w->child > 0 ? 0 : -1;
}

static void end_child(struct world *w)
{
    if (w->child > 0) {
        kill(w->child, SIGKILL);
        waitpid(w->child, NULL, 0);
    }
    w->child = 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    end_child(w);
    temp_dir_remove(&w->tmp);
    free(w);
    return 0;
}

static void write_pid(struct world *w, const char *behind)
{
    char text[64];
    snprintf(text, sizeof(text), "%d%s", (int)w->child, behind);
    temp_dir_write(&w->tmp, "pid", text);
}

static void test_signal_reaches_the_process_that_the_file_names(void **state)
{
    struct world *w = *state;
    int status = 0;
    write_pid(w, "\n/var/lib/data\n5432\n");
    assert_ok(hook_signal_send(w->path, 0));
    assert_int_equal(waitpid(w->child, &status, WNOHANG), 0);
    assert_ok(hook_signal_send(w->path, SIGUSR1));
    assert_int_equal(waitpid(w->child, &status, 0), w->child);
    w->child = 0;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

static void test_process_that_ended_is_not_there(void **state)
{
    struct world *w = *state;
    write_pid(w, "\n");
    end_child(w);
    assert_fails(hook_signal_send(w->path, SIGHUP), ERR_NOT_FOUND, "does not run");
}

static void test_missing_file_is_not_found(void **state)
{
    struct world *w = *state;
    assert_fails(hook_signal_send(w->path, SIGHUP), ERR_NOT_FOUND, "open pid file");
}

static void test_texts_that_are_no_number_above_one_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "0\n",
                                        "1\n",
                                        "-5",
                                        "x12",
                                        "99999999999\n",
                                        "12x\n",
                                        " 12",
                                        "+12",
                                        "99999999999999999999"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        temp_dir_write(&w->tmp, "pid", texts[i]);
        assert_fails(hook_signal_send(w->path, SIGHUP), ERR_STORAGE, "does not begin with");
    }
}

static void test_large_file_is_refused(void **state)
{
    struct world *w = *state;
    char text[5000];
    memset(text, '\n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    temp_dir_write(&w->tmp, "pid", text);
    assert_fails(hook_signal_send(w->path, SIGHUP), ERR_STORAGE, "more than 4096 bytes");
}

static void test_file_that_others_can_write_is_refused(void **state)
{
    struct world *w = *state;
    write_pid(w, "\n");
    static const mode_t modes[] = {0620, 0602, 0666};
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        assert_int_equal(chmod(w->path, modes[i]), 0);
        assert_fails(hook_signal_send(w->path, SIGHUP), ERR_STORAGE, "can be written by others");
    }
}

static void test_what_is_no_file_is_refused(void **state)
{
    struct world *w = *state;
    write_pid(w, "\n");
    assert_int_equal(symlink(w->path, temp_dir_join(&w->tmp, "link")), 0);
    assert_fails(hook_signal_send(temp_dir_join(&w->tmp, "link"), SIGHUP), ERR_STORAGE,
                 "is a symbolic link");
    /* Nobody is waited for, either. */
    assert_int_equal(mkfifo(temp_dir_join(&w->tmp, "pipe"), 0600), 0);
    assert_fails(hook_signal_send(temp_dir_join(&w->tmp, "pipe"), SIGHUP), ERR_STORAGE,
                 "is not a regular file");
}

/* Else whoever may write such a file could have root signal anything. */
static void test_file_of_somebody_else_is_believed_about_his_own_only(void **state)
{
    struct world *w = *state;
    if (geteuid() != 0)
        skip();
    write_pid(w, "\n");
    assert_int_equal(chown(w->path, SOMEBODY, SOMEBODY), 0);
    assert_fails(hook_signal_send(w->path, SIGHUP), ERR_STORAGE, "to another, user 0");
    end_child(w);
    w->child = fork();
    if (w->child == 0) {
        if (setuid(SOMEBODY) != 0)
            _exit(1);
        for (;;)
            pause();
    }
    write_pid(w, "\n");
    assert_int_equal(chown(w->path, SOMEBODY, SOMEBODY), 0);
    for (struct err *e = NULL; (e = hook_signal_send(w->path, 0)) != NULL; err_free(e))
        assert_int_equal(err_code(e), ERR_STORAGE); /* it has not become him yet */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_signal_reaches_the_process_that_the_file_names),
        TEST(test_process_that_ended_is_not_there),
        TEST(test_missing_file_is_not_found),
        TEST(test_texts_that_are_no_number_above_one_are_refused),
        TEST(test_large_file_is_refused),
        TEST(test_file_that_others_can_write_is_refused),
        TEST(test_what_is_no_file_is_refused),
        TEST(test_file_of_somebody_else_is_believed_about_his_own_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
