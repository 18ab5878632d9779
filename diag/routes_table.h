/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ROUTES_TABLE_H
#define TBOT_DIAG_ROUTES_TABLE_H

/* Every page of the diagnostics server, for diag/routes*.c alone. */

#include "diag/routes.h"

enum diag_method {
    DIAG_GET = 1 << 0, /* and HEAD */
    DIAG_POST = 1 << 1,
    DIAG_PUT = 1 << 2,
};

struct diag_route {
    const char *path; /* ends in "{service}" where it takes one */
    enum diag_method method;
    enum diag_right right;

    /* `service` is what a path that takes one has behind its last fixed slash; else NULL. */
    struct err *(*answer)(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a);

    bool (*is_there)(const struct diag_facts *f); /* NULL: always */
};

/* The rows of one path follow each other; the first says what right a wrong method needs. */
extern const struct diag_route diag_routes_table[];
extern const size_t diag_routes_table_len;

#endif
