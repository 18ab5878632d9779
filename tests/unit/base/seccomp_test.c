/* SPDX-License-Identifier: Apache-2.0 */
#include "base/seccomp.h"

#include "base/cleanup.h"
#include "tests/support/assert_err.h"
#include "tests/support/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define FAILED 200 /* what no errno is */

/* What a child needs to end, also in builds for sanitizers, and what it tries. */
static const struct seccomp_rule rules[] = {
    {"exit_group"},
    {"write"},
    {"mmap"},
    {"munmap"},
    {"madvise"},
    {"futex"},
    {"gettid"},
    {"sigaltstack"},
    {"rt_sigaction"},
    {"rt_sigprocmask"},
    {"getpid"},
    {"prctl", .ifs = {{0, UINT32_MAX, PR_GET_NO_NEW_PRIVS}}, .n_ifs = 1},
    {"getuid", SECCOMP_ABSENT},
    {"getgid", SECCOMP_KILL},
    {"lseek", .ifs = {{0, UINT32_MAX, 77}, {2, 3, 1}}, .n_ifs = 2},
    {"lseek", SECCOMP_KILL, .ifs = {{0, UINT32_MAX, 78}}, .n_ifs = 1},
    {"of_no_kernel_that_there_is"},
    {"_newselect"}, /* of other architectures */
};

static struct err *enter(void)
{
    CLEANUP(seccomp_filter_release) struct seccomp_filter f = {0};
    TRY(seccomp_filter_init(&f));
    TRY(seccomp_filter_add(&f, rules, sizeof(rules) / sizeof(*rules)));
    return seccomp_filter_enter(&f);
}

static int in_child(void *arg)
{
    long (*const *try)(void) = arg;
    struct err *e = enter();
    if (e)
        return FAILED;
    return (*try)() < 0 ? errno : 0;
}

static int outcome(long (*try)(void))
{
    return child_run(in_child, &try);
}

static long call_allowed(void)
{
    return syscall(SYS_getpid);
}

static long call_unnamed(void)
{
    return syscall(SYS_getppid);
}

static long call_absent(void)
{
    return syscall(SYS_getuid);
}

static long call_deadly(void)
{
    return syscall(SYS_getgid);
}

/* No such descriptor: it got as far as the kernel. */
static long seek_as_allowed(void)
{
    return syscall(SYS_lseek, 77, 0L, 5);
}

static long seek_otherwise(void)
{
    return syscall(SYS_lseek, 77, 0L, 2);
}

static long seek_another(void)
{
    return syscall(SYS_lseek, 76, 0L, 5);
}

static long seek_deadly(void)
{
    return syscall(SYS_lseek, 78, 0L, 5);
}

static long gain_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1;
}

static void test_calls_end_as_the_rules_say(void **state)
{
    (void)state;
    assert_int_equal(outcome(call_allowed), 0);
    assert_int_equal(outcome(call_unnamed), EPERM);
    assert_int_equal(outcome(call_absent), ENOSYS);
    assert_int_equal(outcome(call_deadly), -SIGSYS);
    assert_int_equal(outcome(gain_privileges), 0);
}

static void test_arguments_are_judged(void **state)
{
    (void)state;
    assert_int_equal(outcome(seek_as_allowed), EBADF);
    assert_int_equal(outcome(seek_otherwise), EPERM);
    assert_int_equal(outcome(seek_another), EPERM);
    assert_int_equal(outcome(seek_deadly), -SIGSYS);
}

/* As a container does whose own filter is strict: filters are not for those inside. */
static int enter_where_it_is_forbidden(void *arg)
{
    (void)arg;
    struct err *e = child_forbid_call(SYS_seccomp, EPERM) == 0 ? enter() : NULL;
    bool is_told = err_code(e) == ERR_UNIMPLEMENTED;
    err_free(e);
    return is_told ? 0 : FAILED;
}

static void test_what_forbids_filters_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(child_run(enter_where_it_is_forbidden, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_end_as_the_rules_say),
        cmocka_unit_test(test_arguments_are_judged),
        cmocka_unit_test(test_what_forbids_filters_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
