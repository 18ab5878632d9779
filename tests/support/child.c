/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/child.h"

#include "tests/support/assert_err.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int child_run(int (*fn)(void *arg), void *arg)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        _exit(fn(arg));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
