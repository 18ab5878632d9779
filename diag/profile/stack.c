/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/stack.h"

#include <dlfcn.h>
#include <unwind.h>

/* ThreadSanitizer keeps signals back until the thread comes by, and has frames nobody can unwind. */
#if defined(DLFO_STRUCT_HAS_EH_DBASE) && !defined(__SANITIZE_THREAD__)
#define HAS_UNWINDER true
#else
#define HAS_UNWINDER false
#endif

struct walk {
    struct stack *stack;
    unsigned skip;       /* frames of ours, still to come */
    bool is_interrupted; /* the frame the signal came into was met */
};

bool stack_is_supported(void)
{
    return HAS_UNWINDER;
}

static _Unwind_Reason_Code add_frame(struct walk *w, uintptr_t pc)
{
    struct stack *s = w->stack;

    if (pc == 0 || s->depth == STACK_DEPTH_MAX)
        return _URC_END_OF_STACK;
    s->pc[s->depth++] = pc;
    return _URC_NO_REASON;
}

static _Unwind_Reason_Code visit_caller(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;
    int is_exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &is_exact);

    if (w->skip) {
        w->skip--;
        return _URC_NO_REASON;
    }
    return add_frame(w, pc && !is_exact ? pc - 1 : pc);
}

/*
 * The handler's own frames come first. That which was interrupted is the one whose address is not a
 * return address, on every processor.
 */
static _Unwind_Reason_Code visit_interrupted(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;
    int is_exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &is_exact);

    w->is_interrupted |= is_exact != 0;
    if (!w->is_interrupted)
        return _URC_NO_REASON;
    return add_frame(w, pc && !is_exact ? pc - 1 : pc);
}

/* Kept out of line, so that it is one frame wherever it is called from. */
__attribute__((noinline)) void stack_here(unsigned skip, struct stack *ret)
{
    struct walk w = {.stack = ret, .skip = 1 + skip};

    ret->depth = 0;
    if (HAS_UNWINDER)
        _Unwind_Backtrace(visit_caller, &w);
}

void stack_interrupted(struct stack *ret)
{
    struct walk w = {.stack = ret};

    ret->depth = 0;
    if (HAS_UNWINDER)
        _Unwind_Backtrace(visit_interrupted, &w);
}

void stack_prepare(void)
{
    struct stack s;

    stack_here(0, &s);
}
