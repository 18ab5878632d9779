/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_DIAG_CLIENT_H
#define TBOT_CMD_DIAG_CLIENT_H

/*
 * Asks a running agent over its diagnostics server (diag/server.h).
 *
 *     CLEANUP(diag_client_release) struct diag_client client = {0};
 *     TRY(diag_client_init(&client, &options));
 *     const struct diag_question q = {.method = "GET", .path = "/status", .limit = dur_s(10)};
 *     TRY(diag_client_ask(&client, &q, &reply));
 *     if (reply.status != 200)
 *         return diag_client_unexpected(&client, &reply);
 *
 * One connection for each question. What an error's hint says is what an operator does next: is the
 * agent running, is it somebody else's, does it want a token?
 *
 * ERR_UNAVAILABLE: nobody there. ERR_DENIED: not allowed to connect, or the agent answered 401, 403
 * or 421. ERR_TIMEOUT, and what TLS gives (base/tls.h). Every other status is a reply.
 */

#include "cmd/diag_where.h"
#include "transport/http.h"

struct stack_st_X509;

struct diag_client {
    struct diag_where where;
    struct secret *token;        /* NULL: none is shown */
    struct stack_st_X509 *roots; /* NULL: the system's */
    const struct clock *clock;
};

/*
 * Finds the agent and reads the files that the options name; connects to nobody. ERR_USAGE, also for a
 * token that would cross the network without TLS; ERR_CONFIG.
 */
RESULT diag_client_init(struct diag_client *c, const struct diag_options *options);
void diag_client_release(struct diag_client *c);

struct diag_question {
    const char *method, *path;
    const char *accept; /* NULL: JSON */
    const char *body;   /* NULL: none */
    struct dur limit;   /* for all of it */
};

RESULT diag_client_ask(struct diag_client *c, const struct diag_question *q,
                       struct http_reply *ret);

/* The error for a reply that is not what was asked for, in the agent's own words if it has some. */
struct err *diag_client_unexpected(const struct diag_client *c, const struct http_reply *reply);

/* `name` behind `prefix`, percent-encoded: "/readyz/" and a service. */
RESULT diag_client_path(const char *prefix, const char *name, struct buf *out);

#endif
