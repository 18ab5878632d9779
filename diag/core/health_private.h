/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_HEALTH_PRIVATE_H
#define TBOT_DIAG_CORE_HEALTH_PRIVATE_H

/* What the files health*.c share: the account itself. health.c keeps it, health_view.c reads it. */

#include "diag/core/health.h"

#include <stdlib.h>

#define MAX_OPERATIONS 4

struct operation {
    const char *name;
    bool has_failed;      /* its last report was a failure, or its recovery is not proven */
    bool is_recovering;   /* a success came after the failure */
    struct now recovered; /* is_recovering: when */
    struct now changed;   /* when has_failed or is_recovering changed */
    unsigned failures;
    enum err_code code;
    char *reason, *hint;
};

struct health_service {
    struct health *of;
    char *name;
    enum health_kind kind;
    struct now added;
    struct operation operations[MAX_OPERATIONS];
    size_t n_operations;
    struct wall updated_at, last_success, next_attempt, serves_until;
};

struct health {
    struct health_service **items;
    size_t len;
    bool stopping;
    struct now stopped;
    void (*changed)(void *arg); /* NULL: nobody watches */
    void *arg;
};

/* When the recovery that a success began is proven. */
struct now health_proof(const struct operation *o);

#endif
