/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_helper.h"
#include "agent/hook_message.h"
#include "agent/hook_program.h"
#include "agent/hooks_private.h"
#include "diag/core/agent_metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The helper gives what runs three seconds, and itself three more. */
#define END_S 7

/* --- beginning --- */

/* Standard descriptors may be closed: what we open then must not be taken for one of them. */
static int raised(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return high;
}

static RESULT fork_helper(struct hooks *h, const struct hooks_setup *setup)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_sys(ERR_UNAVAILABLE, errno, "make a pair of sockets");
    CLEANUP(closep) int ours = raised(ends[0]);
    CLEANUP(closep) int theirs = raised(ends[1]);
    h->pid = ours < 0 || theirs < 0 ? -1 : fork();
    if (h->pid < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "start a process");
    if (h->pid == 0) {
        close(ours); /* or it would keep itself alive */
        setup->forget(setup->arg);
        hook_helper_run(&h->table, h->clock, theirs);
    }
    h->fd = TAKE_FD(ours);
    return NULL;
}

/* The helper's side has ended, or is given up: it is not listened to any more. */
static void forget_helper(struct hooks *h)
{
    if (h->use.loop)
        loop_io_remove(h->use.loop, &h->io);
    close(h->fd);
    h->fd = -1;
}

RESULT hooks_reap_helper(struct hooks *h)
{
    int status = 0;
    pid_t ended = -1;
    forget_helper(h);
    do
        ended = waitpid(h->pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended == h->pid && WIFSIGNALED(status))
        return err_new(ERR_UNAVAILABLE, "the process that runs hooks was ended by signal %d",
                       WTERMSIG(status));
    return err_new(ERR_UNAVAILABLE, "the process that runs hooks has ended");
}

static void check_programs(const struct hooks *h)
{
    for (size_t i = 0; i < h->table.len; i++) {
        const struct hook_entry *entry = &h->table.items[i];
        struct err *e = entry->argv ? hook_program_check(entry->argv[0]) : NULL;
        if (e)
            log_err(h->log, LOG_WARN, entry->service, "the hook cannot be run as it is now", e);
        err_free(e);
    }
}

static RESULT make_items(struct hooks *h)
{
    h->items = calloc(h->table.len, sizeof(*h->items));
    h->report = calloc(h->table.len, sizeof(*h->report));
    if (!h->items || !h->report)
        return err_nomem();
    for (size_t i = 0; i < h->table.len; i++) {
        struct hook *k = &h->items[i];
        *k = (struct hook){.all = h, .entry = &h->table.items[i]};
        k->timer = (struct loop_timer){.fn = hooks_on_timer, .arg = k};
    }
    return NULL;
}

RESULT hooks_start(const struct hooks_setup *setup, struct hooks **ret)
{
    CLEANUP(hooks_freep) struct hooks *h = calloc(1, sizeof(*h));
    if (!h)
        return err_nomem();
    h->log = setup->log;
    h->clock = setup->clock;
    h->fd = -1;
    *ret = NULL;
    TRY_CTX(hook_table_make(setup->config, &h->table), "hooks");
    if (h->table.len == 0)
        return NULL;
    TRY(make_items(h));
    check_programs(h);
    struct err *e = fork_helper(h, setup);
    if (e) {
        log_err(h->log, LOG_ERROR, HOOKS_COMPONENT, "hooks will not be run", e);
        err_free(e);
    }
    *ret = TAKE(h);
    return NULL;
}

RESULT hooks_attach(struct hooks *h, const struct hooks_use *use)
{
    if (!h)
        return NULL;
    for (size_t i = 0; i < h->table.len; i++)
        agent_metrics_expect_hook(use->metrics, h->table.items[i].service);
    h->io = (struct loop_io){.fd = h->fd, .fn = hooks_on_news, .arg = h};
    if (h->fd >= 0)
        TRY(loop_io_add(use->loop, &h->io, EPOLLIN));
    h->use = *use;
    return NULL;
}

/* --- the end --- */

/* What it says by now is heard by nobody. */
static bool has_helper_ended(const struct hooks *h)
{
    struct hook_tell m;
    ssize_t len = recv(h->fd, &m, sizeof(m), MSG_DONTWAIT);
    return len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
}

void hooks_end(struct hooks *h)
{
    if (!h)
        return;
    hooks_stop(h);
    struct mono until = mono_add(clock_mono(h->clock), dur_s(END_S));
    while (h->fd >= 0) {
        struct pollfd fd = {.fd = h->fd, .events = POLLIN};
        int64_t ms = dur_to_ms(mono_diff(until, clock_mono(h->clock)));
        if (ms <= 0 || poll(&fd, 1, (int)ms) == 0)
            forget_helper(h); /* it ends by itself when it can */
        else if (has_helper_ended(h))
            err_ignore(hooks_reap_helper(h), "that it ends is what was asked for");
    }
    h->use = (struct hooks_use){0};
}

static void hook_release(struct hook *k)
{
    err_free(k->error);
    free(k->error_text);
}

void hooks_free(struct hooks *h)
{
    if (!h)
        return;
    hooks_end(h);
    for (size_t i = 0; h->items && i < h->table.len; i++)
        hook_release(&h->items[i]);
    free(h->items);
    free(h->report);
    hook_table_release(&h->table);
    free(h);
}
