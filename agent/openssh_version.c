/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/openssh_version.h"

#include "base/cleanup.h"
#include "base/ctx.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define LIMIT_S 2
#define SAID_MAX 256

extern char **environ;

struct openssh_version openssh_version_parse(const char *text)
{
    struct openssh_version v = {0};
    /* NOLINTNEXTLINE(cert-err34-c): four digits cannot overflow */
    if (sscanf(text, "OpenSSH_%4u.%4u", &v.major, &v.minor) != 2)
        return (struct openssh_version){0};
    return v;
}

/* Starts `ssh -V` with its output in `out`; 0 when that is not possible. */
static pid_t spawn(int out)
{
    char *const argv[] = {(char[]){"ssh"}, (char[]){"-V"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid = 0;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none); /* ours has everything blocked */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    if (posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ) != 0)
        pid = 0;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static void read_said(int fd, char said[SAID_MAX])
{
    struct ctx forever = {.clock = clock_system(), .deadline = MONO_NEVER};
    struct ctx ctx = ctx_until(&forever, dur_s(LIMIT_S));
    struct err *e = ctx_wait_fd(&ctx, fd, POLLIN);
    ssize_t n = e ? 0 : read(fd, said, SAID_MAX - 1);
    said[n > 0 ? n : 0] = '\0';
    err_ignore(e, "no answer is the same as no ssh");
}

static struct openssh_version installed;

static void ask(void)
{
    int ends[2];
    char said[SAID_MAX];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    pid_t pid = spawn(ends[1]);
    close(ends[1]);
    if (pid > 0) {
        read_said(ends[0], said);
        installed = openssh_version_parse(said);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(ends[0]);
}

struct openssh_version openssh_version_installed(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
    return installed;
}
