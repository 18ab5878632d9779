/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_IDENTITY_SERVICE_PRIVATE_H
#define TBOT_AGENT_IDENTITY_SERVICE_PRIVATE_H

/* What the files identity_service*.c share. */

#include "agent/cycle_metrics.h"
#include "agent/identity_service.h"
#include "agent/service_job.h"

#define IDENTITY_COMPONENT "identity"

struct identity_service {
    struct identity_service_config c;
    struct renewer renewer;
    struct dur ttl, interval;
    struct credentials *creds;        /* the present identity, NULL before the first */
    struct credential_facts facts;    /* of `creds` */
    char tokenhash[SHA256_HEX_SIZE];  /* of the configured token */
    char joinedhash[SHA256_HEX_SIZE]; /* of the one the present identity came from */
    bool has_token;
    bool rejoins; /* see struct renewer_config */
    bool stopping;
    unsigned told; /* see identity_advice_is_news() */

    struct cycle_metrics counted;

    struct loop_timer timer; /* the renewer's */
    struct loop_timer patience;
    struct err *error;
    struct renewer_event start; /* what was loaded */

    /* The job under way; a worker's until its `done`. */
    struct service_job job;
    struct renewal_env env;
    struct renewal_input input;
    struct ctx ctx, patient_ctx;
    struct renewal_outcome outcome;
};

/* There is another identity: what may be told of it. */
void identity_service_describe(struct identity_service *s);

/* Logs what the store has to tell a person. */
void identity_service_say_notes(struct identity_service *s);

/* What the log says: of `outcome`; of a failure and of the state, once the renewer has decided; of what
 * was found at the start. */
void identity_service_say_success(const struct identity_service *s);
void identity_service_say_failure(const struct identity_service *s, const struct renewer_event *ev);
void identity_service_say_state(struct identity_service *s, enum renewer_state before);
void identity_service_say_start(struct identity_service *s, const struct renewer_event *ev);

/*
 * Tells diag/core/health.h how the identity stands, after the renewer has taken `ev`; `wake` is when it
 * looks again.
 */
void identity_service_report(struct identity_service *s, const struct renewer_event *ev,
                             enum renewer_state before, struct mono wake);

/* A job begins: what of it is an attempt of a cycle is counted. */
void identity_service_count_job(struct identity_service *s, enum renewer_job job);

/* The reply was taken, and only memory has it. */
void identity_service_report_unstored(const struct identity_service *s, const struct err *why);

#endif
