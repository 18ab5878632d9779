/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_command.h"

#include "agent/hook_sweep.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define MOMENT_S 1 /* from the wish that it ends to SIGTERM, and from that to SIGKILL */
#define SWEEP_S 1

/* What is read once everything is dead: a pipe holds less, unless somebody survived and goes on. */
#define REST_MAX (256 * 1024)

/* A command under way. */
struct run {
    const struct hook_command *c;
    pid_t pid;
    int out;     /* the end of its output that we read; -1: it is closed */
    int signals; /* SIGCHLD */
    int life;    /* -1: has ended */
    struct mono deadline;
    bool is_told; /* SIGTERM was sent */
    bool is_late, is_stopped, has_ended;
    siginfo_t end;
};

/* --- its start --- */

static int set_files(posix_spawn_file_actions_t *a, int out)
{
    int e = posix_spawn_file_actions_addopen(a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    e = e ? e : posix_spawn_file_actions_adddup2(a, out, STDOUT_FILENO);
    e = e ? e : posix_spawn_file_actions_adddup2(a, out, STDERR_FILENO);
    return e ? e : posix_spawn_file_actions_addchdir_np(a, "/");
}

static int set_signals(posix_spawnattr_t *a)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int e = posix_spawnattr_setsigmask(a, &none);
    e = e ? e : posix_spawnattr_setsigdefault(a, &all);
    return e ? e
             : posix_spawnattr_setflags(a, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
}

/* Every other descriptor of ours is closed by the call. */
static int spawn(const struct hook_entry *entry, int out, pid_t *ret)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    int e = set_files(&files, out);
    e = e ? e : set_signals(&attributes);
    e = e ? e : posix_spawn(ret, entry->argv[0], &files, &attributes, entry->argv, entry->environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return e;
}

static RESULT start(struct run *r)
{
    const struct hook_entry *entry = r->c->entry;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_sys(ERR_STORAGE, errno, "make a pipe for what '%s' says", entry->argv[0]);
    r->out = ends[0];
    fcntl(ends[1], F_SETFL, 0); /* programs do not expect that they must wait themselves */
    int e = spawn(entry, ends[1], &r->pid);
    close(ends[1]);
    if (e == 0)
        return NULL;
    return err_set_hint(
        err_sys(e == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE, e, "start '%s'", entry->argv[0]),
        "The first word of 'command' is the absolute path of a program that tbot's user may run; a "
        "script begins with '#!' and its interpreter.");
}

/* --- while it runs --- */

/* False: there is nothing to read now. */
static bool read_output(struct run *r)
{
    char text[4096];
    ssize_t len = read(r->out, text, sizeof(text));
    if (len > 0) {
        hook_lines_add(r->c->lines, text, (size_t)len);
        return true;
    }
    if (len == 0) {
        close(r->out);
        r->out = -1;
    }
    return false;
}

/* It stays a zombie, so that nobody else gets its number while its group is killed. */
static void look_for_end(struct run *r)
{
    struct signalfd_siginfo ignored;
    while (read(r->signals, &ignored, sizeof(ignored)) > 0)
        ;
    r->end.si_pid = 0;
    if (waitid(P_PID, (id_t)r->pid, &r->end, WEXITED | WNOHANG | WNOWAIT) == 0)
        r->has_ended = r->end.si_pid == r->pid;
}

static void shorten(struct run *r, struct mono now)
{
    r->life = -1;
    r->is_stopped = true;
    r->deadline = mono_min(r->deadline, mono_add(now, dur_s(MOMENT_S)));
}

static int wait_ms(const struct run *r, struct mono now)
{
    int64_t ns = mono_diff(r->deadline, now).ns;
    return ns <= 0 ? 0 : (int)(ns / 1000000 + 1);
}

static void wait_for_news(struct run *r)
{
    struct mono now = clock_mono(r->c->clock);
    struct pollfd fds[] = {{.fd = r->out, .events = POLLIN},
                           {.fd = r->signals, .events = POLLIN},
                           {.fd = r->life, .events = POLLIN}};
    if (poll(fds, 3, wait_ms(r, now)) <= 0)
        return;
    if (fds[0].revents)
        (void)read_output(r);
    if (fds[1].revents)
        look_for_end(r);
    if (fds[2].revents)
        shorten(r, clock_mono(r->c->clock));
}

static void watch(struct run *r)
{
    while (!r->has_ended) {
        wait_for_news(r);
        struct mono now = clock_mono(r->c->clock);
        if (r->has_ended || mono_before(now, r->deadline))
            continue;
        if (r->is_told)
            return;
        r->is_told = true;
        r->is_late = !r->is_stopped;
        kill(-r->pid, SIGTERM);
        r->deadline = mono_add(now, dur_s(MOMENT_S));
    }
}

/* --- its end --- */

static void read_rest(struct run *r)
{
    for (size_t n = 0; r->out >= 0 && n < REST_MAX / 4096; n++)
        if (!read_output(r))
            return;
}

static RESULT judge(const struct run *r)
{
    const struct hook_entry *entry = r->c->entry;
    char limit[DUR_SIZE];
    if (r->is_late)
        return err_set_hint(err_new(ERR_TIMEOUT, "'%s' did not end within %s and was killed",
                                    entry->argv[0], dur_format(entry->timeout, limit)),
                            "See why it hangs, or set 'timeout' of this hook.");
    if (r->is_stopped && r->is_told)
        return err_new(ERR_CANCELLED, "'%s' was cut off and killed: no more hooks are run",
                       entry->argv[0]);
    if (r->end.si_code == CLD_EXITED && r->end.si_status == 0)
        return NULL;
    return r->end.si_code == CLD_EXITED ? err_new(ERR_UNAVAILABLE, "'%s' ended with status %d",
                                                  entry->argv[0], r->end.si_status)
                                        : err_new(ERR_UNAVAILABLE, "'%s' was ended by signal %d",
                                                  entry->argv[0], r->end.si_status);
}

static RESULT finish(struct run *r)
{
    bool is_clean = hook_sweep(r->pid, r->c->clock, dur_s(SWEEP_S));
    read_rest(r);
    hook_lines_end(r->c->lines);
    struct err *e = judge(r);
    if (is_clean)
        return e;
    err_ignore(e, "what could not be killed is worse, and is told instead");
    return err_set_hint(
        err_new(ERR_STORAGE, "what '%s' has started cannot be killed", r->c->entry->argv[0]),
        "Look for processes of another user, or that hang in the system: 'ps -e'.");
}

static void run_release(struct run *r)
{
    if (r->out >= 0)
        close(r->out);
    if (r->signals >= 0)
        close(r->signals);
}

RESULT hook_command_run(const struct hook_command *c)
{
    CLEANUP(run_release) struct run r = {.c = c, .out = -1, .signals = -1, .life = c->life};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    r.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r.signals < 0)
        return err_sys(ERR_STORAGE, errno, "watch '%s'", c->entry->argv[0]);
    r.deadline = mono_add(clock_mono(c->clock), c->entry->timeout);
    TRY(start(&r));
    watch(&r);
    return finish(&r);
}
