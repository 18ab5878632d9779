/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_SECCOMP_H
#define TBOT_BASE_SECCOMP_H

/*
 * Which system calls this process may still make: a seccomp filter, by libseccomp. It needs no privilege,
 * nothing takes it back, and every thread and program started later has it too.
 *
 *     static const struct seccomp_rule rules[] = {
 *         {"read"},
 *         {"execve", SECCOMP_KILL},
 *         {"socket", .ifs = {{0, UINT32_MAX, AF_UNIX}}, .n_ifs = 1},
 *     };
 *     CLEANUP(seccomp_filter_release) struct seccomp_filter f = {0};
 *     TRY(seccomp_filter_init(&f));
 *     TRY(seccomp_filter_add(&f, rules, 3));
 *     TRY(seccomp_filter_enter(&f));
 *
 * A call that no rule lets through fails with EPERM: what was forgotten degrades, and does not kill. System
 * calls go by name, for every architecture; a name that the one we run on does not have is left out.
 * Calls of another architecture's kind (32 bit on 64) kill.
 *
 * Threads: seccomp_filter_enter() holds for the calling thread and those that it starts: before there are
 * others.
 */

#include "base/err.h"

#include <stdint.h>

enum seccomp_action {
    SECCOMP_ALLOW,
    SECCOMP_ABSENT, /* ENOSYS, as an older kernel says: libc takes an older call then */
    SECCOMP_KILL,   /* the process, at once, by SIGSYS */
};

/* The argument at `at` (0 is the first), seen through `mask`, is `value`. */
struct seccomp_if {
    unsigned at;
    uint64_t mask, value;
};

#define SECCOMP_MAX_IFS 3

/* A call may have several rules, as long as no two of different actions can hold for the same arguments. */
struct seccomp_rule {
    const char *call;
    enum seccomp_action action;
    struct seccomp_if ifs[SECCOMP_MAX_IFS]; /* all of them hold */
    unsigned n_ifs;
};

struct seccomp_filter {
    void *rules; /* libseccomp's; NULL: none */
};

RESULT seccomp_filter_init(struct seccomp_filter *f);
void seccomp_filter_release(struct seccomp_filter *f);
RESULT seccomp_filter_add(struct seccomp_filter *f, const struct seccomp_rule *rules, size_t n);

/*
 * From now on. Takes the right to gain privileges by executing something, too (no_new_privs).
 * ERR_UNIMPLEMENTED: this kernel has no filters; ERR_STORAGE: it refused ours.
 */
RESULT seccomp_filter_enter(struct seccomp_filter *f);

#endif
