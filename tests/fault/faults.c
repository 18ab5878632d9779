/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const struct fault_kind fault_kinds[KIND_COUNT] = {
    [KIND_MEMORY] = {"no memory", POINT_MEMORY, FAULT_FAIL, ENOMEM},
    [KIND_MEMORY_GONE] = {"no memory any more", POINT_MEMORY, FAULT_FAIL, ENOMEM, .lasts = true},
    [KIND_BROKEN] = {"broken disk", POINT_FILE, FAULT_FAIL, EIO},
    [KIND_FULL] = {"full disk", POINT_SPACE, FAULT_FAIL, ENOSPC, .lasts = true},
    [KIND_FORBIDDEN] = {"forbidden", POINT_RIGHT, FAULT_FAIL, EACCES},
    [KIND_INTERRUPTED] = {"interrupted", POINT_TRANSFER, FAULT_FAIL, EINTR, .is_harmless = true},
    [KIND_SHORT] = {"short", POINT_TRANSFER, FAULT_SHORT, .is_harmless = true},
    [KIND_KILLED] = {"killed", POINT_FILE | POINT_REMOTE, FAULT_KILL},
    [KIND_REMOTE] = {"cluster", POINT_REMOTE, FAULT_FAIL, EIO},
};

struct faults {
    const struct fault_kind *kind;
    unsigned at;
    unsigned seen;
    bool armed;
    unsigned paused;
    bool has_failed;
    char call[160];
};

/* Shared with children; before faults_init() the wraps find nothing and let calls through. */
static struct faults *faults;

void faults_init(void)
{
    void *shared =
        mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("faults: mmap");
        exit(2);
    }
    faults = shared;
}

void faults_arm(const struct fault_kind *kind, unsigned n)
{
    *faults = (struct faults){.kind = kind, .at = n, .armed = true};
}

bool faults_disarm(void)
{
    faults->armed = false;
    return faults->has_failed;
}

void faults_pause(void)
{
    faults->paused++;
}

void faults_resume(void)
{
    faults->paused--;
}

const char *faults_call(void)
{
    return faults->has_failed ? faults->call : "no call";
}

bool faults_are_armed(void)
{
    return faults && faults->armed && faults->paused == 0;
}

static bool is_hit(struct faults *f, unsigned point)
{
    if (!(f->kind->points & point))
        return false;
    unsigned n = f->seen++;
    return f->kind->lasts ? n >= f->at : n == f->at;
}

enum fault_effect faults_meet(unsigned point, const char *call, const char *name)
{
    if (!faults_are_armed() || !is_hit(faults, point))
        return FAULT_NONE;
    if (!faults->has_failed)
        snprintf(faults->call, sizeof(faults->call), "%s%s%.100s%s", call, name ? " '" : "",
                 name ? name : "", name ? "'" : "");
    faults->has_failed = true;
    errno = faults->kind->errnum;
    return faults->kind->effect;
}

bool faults_fail(unsigned point, const char *call, const char *name)
{
    enum fault_effect effect = faults_meet(point, call, name);
    if (effect == FAULT_KILL)
        faults_die();
    return effect == FAULT_FAIL;
}

void faults_die(void)
{
    _exit(FAULT_KILLED_STATUS);
}
