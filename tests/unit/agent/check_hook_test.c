/* SPDX-License-Identifier: Apache-2.0 */
#include "check_fixture.h"
#include "tests/support/temp_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void look(struct check_fixture *f, const struct config_hook *hook)
{
    char name[] = "web";
    const struct config_service service = {.name = name, .hook = *hook};
    f->len = 0;
    check_hook(&f->check, &service);
}

static void look_at_command(struct check_fixture *f, const char *program)
{
    CLEANUP(freep) char *word = strdup(program);
    look(f, &(struct config_hook){.command = {&word, 1}});
}

static void test_program_that_can_be_run_is_good(void **state)
{
    struct check_fixture *f = *state;
    look_at_command(f, "/bin/sh");
    expect(f, "hook", CHECK_OK, "'/bin/sh' can be run");
    expect_all_well(f);
}

static void test_service_without_hook_is_silent(void **state)
{
    struct check_fixture *f = *state;
    look(f, &(struct config_hook){0});
    assert_int_equal(f->len, 0);
}

static void test_program_that_cannot_be_run_fails(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    temp_dir_write(&tmp, "p", "#!/bin/sh\n");
    const char *path = temp_dir_join(&tmp, "p");
    assert_int_equal(chmod(path, 0600), 0);
    look_at_command(f, path);
    expect(f, "hook", CHECK_FAILED, "cannot be run: Permission denied");
    assert_int_equal(chmod(path, 0722), 0);
    look_at_command(f, path);
    expect(f, "hook", CHECK_FAILED, "can be changed by others than its owner (mode 0722)");
    look_at_command(f, tmp.path);
    expect(f, "hook", CHECK_FAILED, "is not a regular file");
    look_at_command(f, "/nonexistent/program");
    expect(f, "hook", CHECK_FAILED, "'/nonexistent/program': No such file or directory");
}

static void test_pid_file_is_looked_at_and_nobody_is_told(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    char path[320], pid[32];
    snprintf(path, sizeof(path), "%s", temp_dir_join(&tmp, "pid"));
    const struct config_hook hook = {.pid_file = path};
    look(f, &hook);
    expect(f, "hook", CHECK_WARNING, "No such file");
    snprintf(pid, sizeof(pid), "%d\n", (int)getpid()); /* which SIGHUP would end */
    temp_dir_write(&tmp, "pid", pid);
    look(f, &hook);
    expect(f, "hook", CHECK_OK, "can be sent signals");
    assert_int_equal(chmod(path, 0666), 0);
    look(f, &hook);
    expect(f, "hook", CHECK_FAILED, "can be written by others");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(test_program_that_can_be_run_is_good),
        CHECK_TEST(test_service_without_hook_is_silent),
        CHECK_TEST(test_program_that_cannot_be_run_fails),
        CHECK_TEST(test_pid_file_is_looked_at_and_nobody_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
