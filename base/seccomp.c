/* SPDX-License-Identifier: Apache-2.0 */
#include "base/seccomp.h"

#include <errno.h>
#include <seccomp.h>

/* For SCMP_FLTATR_CTL_OPTIMIZE: a tree of calls, of which the filter walks one branch, not a list. */
#define AS_TREE 2

static uint32_t action_of(enum seccomp_action a)
{
    switch (a) {
    case SECCOMP_ALLOW:
        return SCMP_ACT_ALLOW;
    case SECCOMP_ABSENT:
        return SCMP_ACT_ERRNO(ENOSYS);
    case SECCOMP_KILL:
        break;
    }
    return SCMP_ACT_KILL_PROCESS;
}

/* libseccomp asks the kernel what it can do, and takes a call that is forbidden for one that is not there. */
static struct err *failure(int failed, const char *what)
{
    if (failed == -EINVAL || failed == -ENOSYS || failed == -EOPNOTSUPP)
        return err_new(ERR_UNIMPLEMENTED, "this kernel has no seccomp filters that can end a "
                                          "process (Linux 4.14), or they are forbidden here");
    return err_sys(ERR_STORAGE, -failed, "%s the seccomp filter", what);
}

static RESULT configure(scmp_filter_ctx rules)
{
    int failed = seccomp_attr_set(rules, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!failed)
        failed = seccomp_attr_set(rules, SCMP_FLTATR_CTL_NNP, 1);
    if (!failed)
        failed = seccomp_attr_set(rules, SCMP_FLTATR_CTL_OPTIMIZE, AS_TREE);
    return failed ? failure(failed, "prepare") : NULL;
}

RESULT seccomp_filter_init(struct seccomp_filter *f)
{
    f->rules = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    return f->rules ? configure(f->rules) : err_nomem();
}

void seccomp_filter_release(struct seccomp_filter *f)
{
    if (f->rules)
        seccomp_release(f->rules);
    f->rules = NULL;
}

static RESULT add(scmp_filter_ctx rules, const struct seccomp_rule *r)
{
    struct scmp_arg_cmp ifs[SECCOMP_MAX_IFS];
    int call = seccomp_syscall_resolve_name(r->call);
    if (call == __NR_SCMP_ERROR)
        return NULL; /* newer than libseccomp: denied as everything that is not named */
    for (unsigned i = 0; i < r->n_ifs; i++)
        ifs[i] = SCMP_CMP64(r->ifs[i].at, SCMP_CMP_MASKED_EQ, r->ifs[i].mask, r->ifs[i].value);
    int failed = seccomp_rule_add_array(rules, action_of(r->action), call, r->n_ifs, ifs);
    bool is_foreign = failed == -EDOM; /* another architecture's */
    return failed && !is_foreign
               ? err_sys(ERR_STORAGE, -failed, "make a seccomp rule for '%s'", r->call)
               : NULL;
}

RESULT seccomp_filter_add(struct seccomp_filter *f, const struct seccomp_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TRY(add(f->rules, &rules[i]));
    return NULL;
}

RESULT seccomp_filter_enter(struct seccomp_filter *f)
{
    int failed = seccomp_load(f->rules);
    return failed ? failure(failed, "load") : NULL;
}
