/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_helper.h"

#include "agent/hook_keeper.h"
#include "agent/hook_message.h"
#include "agent/hook_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Keepers need three seconds at most, see hook_command.c; what is stuck all the same is killed. */
#define KEEPERS_S 5
#define SWEEP_S 1

struct slot {
    pid_t keeper; /* 0: does not run */
    bool is_wanted;
};

struct helper {
    const struct hook_table *table;
    const struct clock *clock;
    struct slot *slots;
    unsigned n_running;
    int fd;
    int signals;
    int life[2]; /* ends with us: nothing is ever written */
};

/* --- beginning --- */

/*
 * Returns what `fd` is now, the first behind the standard ones. Linux before 5.9 has no call for ranges:
 * closefrom(3) looks into /proc there, and aborts where it cannot.
 */
static int close_others(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    int first = STDERR_FILENO + 1;
    if (fd != first)
        first = dup3(fd, first, O_CLOEXEC);
    closefrom(STDERR_FILENO + 2);
    return first;
}

/* The join token may be in it. What is asked of the environment was asked before. */
static void wipe_environment(void)
{
    for (char **v = environ; v && *v; v++)
        secret_wipe(*v, strlen(*v));
    clearenv();
}

/* SIGTERM of a whole group and Ctrl-C are the agent's to follow, and then our socket ends. */
static int take_signals(void)
{
    sigset_t child, all;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    /* Whoever started us may have had it ignored: nobody could be waited for. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool begin(struct helper *h)
{
    prctl(PR_SET_NAME, "tbot-hooks");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    wipe_environment();
    h->fd = close_others(h->fd);
    h->slots = calloc(h->table->len, sizeof(*h->slots));
    h->signals = take_signals();
    return h->fd >= 0 && h->slots && h->signals >= 0 && chdir("/") == 0 &&
           pipe2(h->life, O_CLOEXEC) == 0;
}

/* --- keepers --- */

static struct hook_keeper keeper_of(const struct helper *h, size_t i)
{
    return (struct hook_keeper){.table = h->table,
                                .clock = h->clock,
                                .index = (uint32_t)i,
                                .fd = h->fd,
                                .life = h->life[0]};
}

static void start_keeper(struct helper *h, size_t i)
{
    struct hook_keeper k = keeper_of(h, i);
    struct slot *s = &h->slots[i];
    s->is_wanted = false;
    s->keeper = fork();
    if (s->keeper == 0) {
        close(h->life[1]);
        hook_keeper_run(&k);
        _exit(0);
    }
    if (s->keeper > 0) {
        h->n_running++;
        return;
    }
    s->keeper = 0;
    struct err *e = err_sys(ERR_UNAVAILABLE, errno, "start a process for the hook");
    hook_keeper_tell_end(&k, e);
    err_free(e);
}

static void start_wanted(struct helper *h)
{
    for (size_t i = 0; i < h->table->len && h->n_running < HOOK_HELPER_AT_ONCE; i++)
        if (h->slots[i].is_wanted && h->slots[i].keeper == 0)
            start_keeper(h, i);
}

static void keeper_ended(struct helper *h, size_t i, int status)
{
    struct hook_keeper k = keeper_of(h, i);
    h->slots[i].keeper = 0;
    h->n_running--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return; /* it has told */
    struct err *e = err_new(ERR_UNAVAILABLE, "the process that ran the hook was killed");
    hook_keeper_tell_end(&k, e);
    err_free(e);
}

/* Others than keepers are what a killed keeper has left. */
static void reap(struct helper *h)
{
    struct signalfd_siginfo ignored;
    int status = 0;
    pid_t pid = 0;
    while (read(h->signals, &ignored, sizeof(ignored)) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < h->table->len; i++)
            if (h->slots[i].keeper == pid)
                keeper_ended(h, i, status);
}

/* --- the agent --- */

/* False: it is gone, or goes. */
static bool hear(struct helper *h)
{
    struct hook_ask ask = {0};
    ssize_t len = recv(h->fd, &ask, sizeof(ask), MSG_DONTWAIT | MSG_TRUNC);
    if (len < 0)
        return errno == EAGAIN || errno == EINTR;
    if (len == (ssize_t)sizeof(ask) && ask.index < h->table->len)
        h->slots[ask.index].is_wanted = true;
    return len > 0;
}

/* Whether `fd` has something to say (-1: nobody is asked), or else a keeper has ended. */
static bool wait_for(const struct helper *h, int fd, int ms)
{
    struct pollfd fds[] = {{.fd = h->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    return poll(fds, 2, ms) > 0 && fds[1].revents;
}

static void serve(struct helper *h)
{
    do {
        reap(h);
        start_wanted(h);
    } while (!wait_for(h, h->fd, -1) || hear(h));
}

static void end_keepers(struct helper *h)
{
    struct mono until = mono_add(clock_mono(h->clock), dur_s(KEEPERS_S));
    close(h->life[1]);
    for (reap(h); h->n_running > 0; reap(h)) {
        int64_t ms = dur_to_ms(mono_diff(until, clock_mono(h->clock)));
        if (ms <= 0)
            return;
        wait_for(h, -1, (int)ms + 1);
    }
}

_Noreturn void hook_helper_run(const struct hook_table *table, const struct clock *clock, int fd)
{
    struct helper h = {.table = table, .clock = clock, .fd = fd};
    if (!begin(&h))
        _exit(1);
    serve(&h);
    end_keepers(&h);
    (void)hook_sweep(0, clock, dur_s(SWEEP_S));
    _exit(0);
}
