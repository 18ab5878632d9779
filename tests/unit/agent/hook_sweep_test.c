/* SPDX-License-Identifier: Apache-2.0 */
/* Each in a child of its own, which is the sweeper and may become somebody who sees little. */
#include "agent/hook_sweep.h"

#include "tests/support/assert_err.h"
#include "tests/support/child.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOMEBODY 54321 /* a user who has nothing to do with us */

enum outcome { CLEAN, LEFT, CANNOT };

/* Leaves a session of its own behind, whose parent died. */
static void leave_one(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            setsid();
            for (;;)
                pause();
        }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static int sweep(void *arg)
{
    (void)arg;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    leave_one();
    if (!hook_sweep(0, clock_system(), dur_s(30)))
        return LEFT;
    return waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? CLEAN : LEFT;
}

static void test_what_lost_its_parent_is_killed(void **state)
{
    (void)state;
    assert_int_equal(child_run(sweep, NULL), CLEAN);
}

/* As under ProtectProc=invisible: seen is what one may trace, and none of ours lets itself be traced. */
static int sweep_unseen(void *arg)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("proc", "/proc", "proc", 0, "hidepid=2") != 0)
        return CANNOT;
    if (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
        setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
        access("/proc/thread-self/children", R_OK) != 0)
        return CANNOT;
    return sweep(arg);
}

static void test_what_hides_in_proc_is_killed_too(void **state)
{
    (void)state;
    int outcome = child_run(sweep_unseen, NULL);
    if (outcome == CANNOT) {
        print_message("no /proc that hides processes can be mounted here\n");
        skip();
    }
    assert_int_equal(outcome, CLEAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_lost_its_parent_is_killed),
        cmocka_unit_test(test_what_hides_in_proc_is_killed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
