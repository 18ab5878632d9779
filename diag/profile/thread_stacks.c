/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/thread_stacks.h"

#include "base/thread.h"
#include "diag/profile/gate.h"
#include "diag/profile/stack.h"
#include "diag/profile/symbols.h"
#include "diag/profile/tasks.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE dur_ms(500)
#define LOOK_AGAIN dur_ms(5)

struct answer {
    atomic_bool is_there;
    struct stack stack;
};

/* What handlers find. A signal carries the round and whose answer it asks for. */
struct round {
    unsigned number;
    struct answer answers[TASKS_MAX];
};

static struct gate gate;
static atomic_bool is_taken;

static int ask_for(const struct round *r, size_t i)
{
    return (int)(r->number % (1U << 20) * TASKS_MAX + i);
}

/* The answer that this signal asks for; NULL: it comes from elsewhere, or too late. */
static struct answer *find_answer(struct round *r, const siginfo_t *info)
{
    if (!r || info->si_code != SI_QUEUE || info->si_pid != getpid())
        return NULL;
    size_t i = (unsigned)info->si_value.sival_int % TASKS_MAX;
    return info->si_value.sival_int == ask_for(r, i) ? &r->answers[i] : NULL;
}

static void on_ask(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    int errno_before = errno;
    struct answer *a = find_answer(gate_enter(&gate), info);

    if (a) {
        stack_interrupted(&a->stack);
        atomic_store_explicit(&a->is_there, true, memory_order_release);
    }
    gate_leave(&gate);
    errno = errno_before;
}

static struct err *install_handler(void)
{
    struct sigaction action = {.sa_sigaction = on_ask, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigfillset(&action.sa_mask);
    if (sigaction(THREAD_SIGNAL_STACK, &action, NULL) != 0)
        return err_sys(ERR_UNAVAILABLE, errno, "handle the signal that asks for stacks");
    return NULL;
}

static void ask(const struct round *r, size_t i, pid_t tid)
{
    siginfo_t info = {.si_signo = THREAD_SIGNAL_STACK, .si_code = SI_QUEUE};

    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = ask_for(r, i);
    /* It may have ended since it was listed: await() sees that. */
    (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, THREAD_SIGNAL_STACK, &info);
}

/* A thread on its way out takes signals and never handles them. */
static bool has_ended(pid_t tid)
{
    return syscall(SYS_tgkill, getpid(), tid, 0) != 0;
}

static struct err *await(const struct ctx *ctx, const struct task_list *tasks,
                         const struct round *r)
{
    struct mono end = mono_add(clock_mono(ctx->clock), PATIENCE);

    for (size_t i = 0; i < tasks->n;) {
        if (atomic_load_explicit(&r->answers[i].is_there, memory_order_acquire) ||
            has_ended(tasks->items[i].tid)) {
            i++;
            continue;
        }
        if (!mono_before(clock_mono(ctx->clock), end))
            return NULL;
        TRY(ctx_sleep(ctx, LOOK_AGAIN));
    }
    return NULL;
}

static const char *state_text(char letter)
{
    switch (letter) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "waiting in the kernel, cannot be interrupted";
    case 'T':
    case 't':
        return "stopped";
    case 'I':
        return "idle";
    default:
        return "ended";
    }
}

static struct err *print_frame(const struct symbols *s, uintptr_t pc, struct buf *out)
{
    const struct module *m = modules_find(symbols_modules(s), pc);
    struct symbols_answer found;

    symbols_find(s, pc, &found);
    TRY(buf_printf(out, "#\t0x%" PRIxPTR "\t%s", pc, found.name));
    if (found.start)
        TRY(buf_printf(out, "+0x%" PRIxPTR, pc - found.start));
    return buf_printf(out, "\t%s\n", m ? module_name(m) : "?");
}

/* Readers set every address of this form back by one, to come from returns to calls. */
static struct err *print_addresses(const struct stack *s, struct buf *out)
{
    TRY(buf_add_str(out, "1 @"));
    for (unsigned i = 0; i < s->depth; i++)
        TRY(buf_printf(out, " 0x%" PRIxPTR, s->pc[i] + 1));
    return buf_add_str(out, "\n");
}

static struct err *print_thread(const struct symbols *symbols, const struct task *t,
                                const struct answer *a, struct buf *out)
{
    struct task_state state = task_state(t->tid);
    long per_second = sysconf(_SC_CLK_TCK);
    double seconds = (double)state.cpu_ticks / (double)(per_second > 0 ? per_second : 100);
    bool is_there = atomic_load_explicit(&a->is_there, memory_order_acquire);

    if (is_there && a->stack.depth)
        TRY(print_addresses(&a->stack, out));
    TRY(buf_printf(out, "# thread %d \"%s\": %s, %.2f s of processor time%s\n", (int)t->tid,
                   t->name, state_text(state.letter), seconds, is_there ? "" : ", gave no stack"));
    for (unsigned i = 0; is_there && i < a->stack.depth; i++)
        TRY(print_frame(symbols, a->stack.pc[i], out));
    return buf_add_str(out, "\n");
}

static struct err *print(const struct task_list *tasks, const struct round *r, struct buf *out)
{
    CLEANUP(symbols_freep) struct symbols *symbols = NULL;

    TRY(symbols_load(&symbols));
    TRY(buf_printf(out, "goroutine profile: total %zu\n", tasks->n));
    for (size_t i = 0; i < tasks->n; i++)
        TRY(print_thread(symbols, &tasks->items[i], &r->answers[i], out));
    return NULL;
}

static struct err *ask_all(const struct ctx *ctx, const struct task_list *tasks, struct round *r)
{
    gate_open(&gate, r);
    for (size_t i = 0; i < tasks->n; i++)
        ask(r, i, tasks->items[i].tid);
    struct err *e = await(ctx, tasks, r);
    gate_close(&gate);
    return e;
}

static struct err *make(const struct ctx *ctx, struct buf *out)
{
    static unsigned n_rounds; /* is_taken keeps others away */
    CLEANUP(freep) struct round *r = calloc(1, sizeof(*r));
    struct task_list tasks;

    if (!r)
        return err_nomem();
    r->number = ++n_rounds;
    TRY(install_handler());
    TRY(tasks_list(&tasks));
    if (stack_is_supported())
        TRY(ask_all(ctx, &tasks, r));
    return print(&tasks, r, out);
}

RESULT thread_stacks_print(const struct ctx *ctx, struct buf *out)
{
    if (atomic_exchange(&is_taken, true))
        return err_new(ERR_BUSY, "list threads: another list is being made");
    stack_prepare();
    struct err *e = make(ctx, out);
    atomic_store(&is_taken, false);
    return e;
}
