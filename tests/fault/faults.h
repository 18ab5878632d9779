/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAULT_FAULTS_H
#define TBOT_TESTS_FAULT_FAULTS_H

/*
 * Calls that fail on purpose. The fault programs are linked with --wrap (CMakeLists.txt has the list):
 * every call of our libraries that allocates memory or touches a file comes by here first and is a
 * *point*. While armed, points are counted, and the N-th of a kind fails, or the process dies in it.
 *
 *     faults_arm(&fault_kinds[KIND], n);
 *     struct err *e = store_begin_renewal(...);
 *     bool is_through = !faults_disarm();
 *
 * wrap_memory.c   malloc() and its relatives; what was allocated while armed and is not freed yet
 * wrap_files.c    files and directories
 * durable.c       what a power cut would take back
 *
 * Static libraries we stand on (libyaml, jansson, protobuf-c) are linked with the same wraps; what
 * libc and OpenSSL allocate inside is theirs. The counters live in memory that a fork shares, so that
 * they outlive a process that was killed. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>

/* What a point is; several together. */
enum {
    POINT_MEMORY = 1 << 0,
    POINT_FILE = 1 << 1,     /* may meet a broken disk */
    POINT_SPACE = 1 << 2,    /* wants disk space */
    POINT_RIGHT = 1 << 3,    /* may be forbidden */
    POINT_TRANSFER = 1 << 4, /* moves bytes: may be interrupted, or move some of them */
    POINT_REMOTE = 1 << 5,   /* a moment in a call to the cluster */
};

enum fault_effect {
    FAULT_NONE,
    FAULT_FAIL,  /* errno is set */
    FAULT_SHORT, /* half of it */
    FAULT_KILL,  /* half of it, then faults_die() */
};

struct fault_kind {
    const char *name;
    unsigned points; /* any of these */
    enum fault_effect effect;
    int errnum;
    bool lasts;       /* from the N-th point on all of them */
    bool is_harmless; /* the code must cope: no error may come of it */
};

enum {
    KIND_MEMORY,
    KIND_MEMORY_GONE,
    KIND_BROKEN,
    KIND_FULL,
    KIND_FORBIDDEN,
    KIND_INTERRUPTED,
    KIND_SHORT,
    KIND_KILLED,
    KIND_REMOTE, /* what fails is up to the model of the cluster */
    KIND_COUNT,
};

extern const struct fault_kind fault_kinds[KIND_COUNT];

/* How a process ends in FAULT_KILL. */
#define FAULT_KILLED_STATUS 79

/* To be called before a process forks whose children are to be watched. */
void faults_init(void);

/* The n-th point of the kind, counted from 0, fails. */
void faults_arm(const struct fault_kind *kind, unsigned n);

/* Whether something failed; works also after the armed process died. */
bool faults_disarm(void);

/* What the test itself does in between does not count. They nest. */
void faults_pause(void);
void faults_resume(void);

/* The first call that failed, "renameat 'key'". */
const char *faults_call(void);

/* For the wraps: this is a point. */
enum fault_effect faults_meet(unsigned point, const char *call, const char *name);

/* The same for a call that cannot be done by half: whether it fails. */
bool faults_fail(unsigned point, const char *call, const char *name);

_Noreturn void faults_die(void);

/* Whether calls are watched at present. */
bool faults_are_armed(void);

/* Blocks of memory and mappings allocated while armed that are not freed yet; forgotten by _forget(). */
size_t faults_live_blocks(void);
void faults_forget_blocks(void);

/*
 * What is not durable yet. A rename is promised only when the directory was synced after it, and must
 * not come before the content was: faults_lost_content() names the file it was so with, or is NULL.
 */
bool faults_is_rename_pending(const char *name);
const char *faults_lost_content(void);
void faults_forget_pending(void);

/* For wrap_files.c. `fd` is a directory in pending_name() and pending_synced(), or a file. */
void pending_write(int fd);
void pending_rename(int dirfd, const char *from, const char *to);
void pending_synced(int fd);

#endif
