/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cpu_timers.h"

#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* glibc before 2.38 has no name for it, nor for the clock of another thread by its number. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#define CLOCK_OF_THREAD(tid) ((clockid_t)(~(unsigned)(tid) << 3 | 6))

static bool start_timer(struct cpu_timer *c, long period_ns)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = THREAD_SIGNAL_SAMPLE};
    const struct timespec period = {.tv_sec = period_ns / 1000000000,
                                    .tv_nsec = period_ns % 1000000000};
    const struct itimerspec spec = {.it_interval = period, .it_value = period};

    event.sigev_notify_thread_id = c->task.tid;
    if (timer_create(CLOCK_OF_THREAD(c->task.tid), &event, &c->timer) != 0)
        return false;
    c->is_running = true;
    if (timer_settime(c->timer, 0, &spec, NULL) == 0)
        return true;
    timer_delete(c->timer);
    c->is_running = false;
    return false;
}

static struct cpu_timer *find_running(struct cpu_timers *t, pid_t tid)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->items[i].is_running && t->items[i].task.tid == tid)
            return &t->items[i];
    }
    return NULL;
}

static void see(struct cpu_timers *t, const struct task *task, long period_ns)
{
    struct cpu_timer *c = find_running(t, task->tid);

    if (!c && t->n == CPU_TIMERS_MAX) {
        t->refused++;
        return;
    }
    if (!c) {
        c = &t->items[t->n];
        *c = (struct cpu_timer){.task = *task};
        if (!start_timer(c, period_ns)) {
            t->refused += errno != EINVAL; /* that is: it has ended since it was listed */
            return;
        }
        t->n++;
    }
    c->is_seen = true;
    c->task = *task; /* threads name themselves after they began */
}

RESULT cpu_timers_scan(struct cpu_timers *t, long period_ns)
{
    struct task_list tasks;

    TRY(tasks_list(&tasks));
    t->refused = 0;
    for (size_t i = 0; i < t->n; i++)
        t->items[i].is_seen = false;
    for (size_t i = 0; i < tasks.n; i++) {
        if (tasks.items[i].tid != gettid()) /* who collects would only see himself collect */
            see(t, &tasks.items[i], period_ns);
    }
    for (size_t i = 0; i < t->n; i++) {
        struct cpu_timer *c = &t->items[i];
        if (c->is_running && !c->is_seen) {
            timer_delete(c->timer);
            c->is_running = false;
        }
    }
    return NULL;
}

void cpu_timers_stop(struct cpu_timers *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->items[i].is_running)
            timer_delete(t->items[i].timer);
        t->items[i].is_running = false;
    }
}

const char *cpu_timers_name(const struct cpu_timers *t, pid_t tid)
{
    for (size_t i = t->n; i > 0; i--) { /* the latest who had that number */
        if (t->items[i - 1].task.tid == tid)
            return t->items[i - 1].task.name;
    }
    return "";
}
