/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_SERVER_PRIVATE_H
#define TBOT_DIAG_SERVER_PRIVATE_H

/* The parts of the diagnostics server, for diag/server*.c alone. */

#include "diag/http.h"
#include "diag/listener.h"
#include "diag/log_switch.h"
#include "diag/profiles.h"
#include "diag/server.h"
#include "diag/tls_conn.h"
#include "diag/token_file.h"

#include <limits.h>

struct ear {
    struct diag_server *server;
    unsigned number;
    struct diag_listener listener;
    unsigned port; /* 0: not on TCP */
    struct loop_io io;
    struct loop_timer resume;
    bool is_watched;
    bool is_short; /* of descriptors or memory: said once, until there is enough again */
};

struct diag_server {
    struct diag_server_config c;
    char name[64];
    char hostname[HOST_NAME_MAX + 1];
    struct diag_http *http;
    struct diag_token_file *tokens; /* NULL: there is none */
    struct diag_tls_host tls;       /* its keys are NULL where no address is https:// */
    struct places places;
    struct ear ears[DIAG_ADDRESSES_MAX];
    size_t n_ears;
    struct liveness liveness;
    struct loop_timer tick;
    struct loop_timer deadline;
    bool is_stopped;

    struct loop_timer ask; /* those who are held, again */
    struct diag_log_switch log_switch;
    struct diag_profiles profiles;
    unsigned
        awaited[PLACES_MAX]; /* the number of the reload that somebody there waits for; 0: none */
    bool renews, reloads, shuts_down; /* deeds to be done */
    struct loop_timer act;
};

/* Answers, and what they set in motion. */
void server_answer_init(struct diag_server *s);
void server_answer_release(struct diag_server *s);

/* The functions of struct diag_http_config. */
bool server_answer_make(void *arg, struct place *at, struct diag_request *r, struct diag_answer *a);
void server_answer_sent(void *arg, struct place *at);
void server_answer_closed(void *arg, struct place *at);

/* Who asks. ERR_CONFIG: the tokens or the certificates cannot be used. */
RESULT server_asker_init(struct diag_server *s);
void server_asker_release(struct diag_server *s);

/* To be called once it listens: says what of the configuration is unwise. */
void server_asker_warn(const struct diag_server *s);

/* Fills in what the asker has proved. */
void server_asker_identify(struct diag_server *s, const struct place *at, struct diag_request *r);

/* Without memory for a timer only punctuality suffers: the next event sets it again. */
void server_set_timer(struct diag_server *s, struct loop_timer *t, struct mono at);

/* To be called when a connection may have got a deadline where none of them had one. */
void server_plan_deadline(struct diag_server *s);

#endif
