/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_MODULES_H
#define TBOT_DIAG_PROFILE_MODULES_H

/*
 * The objects whose code is in this process: the program first, then its libraries.
 *
 * Threads: any. Asking takes the loader's lock.
 */

#include <stddef.h>
#include <stdint.h>

#define MODULES_MAX 64 /* there are about ten */
#define MODULE_BUILD_ID_SIZE 41

struct module {
    uintptr_t base;         /* what the addresses in its symbols are relative to */
    uintptr_t start, limit; /* of its code */
    uint64_t offset;        /* of `start` in the file */
    char path[512];
    char build_id[MODULE_BUILD_ID_SIZE]; /* hex; "": it has none */
};

struct modules {
    size_t n;
    struct module items[MODULES_MAX];
};

void modules_list(struct modules *ret);

/* Whose code is there; NULL: nobody's we know. */
const struct module *modules_find(const struct modules *m, uintptr_t pc);

/* The file's own name, without directories. */
const char *module_name(const struct module *m);

#endif
