/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_KUBE_H
#define TBOT_AUTHORITY_KUBE_H

/*
 * Join tokens of the method `kubernetes`, type `static_jwks`: each lets the pods of one service account
 * in, any number of times, if they show a JWT that Kubernetes signed for this cluster.
 *
 * Threads: immutable once filled in.
 */

#include "authority/jwks.h"
#include "base/clock.h"

#define KUBE_MAX_RULES 64

struct kube_rule {
    char *token; /* its name: no secret */
    char *bot;
    char *account; /* "NAMESPACE:NAME" */
};

/* Zero-initialised is empty. */
struct kube {
    struct jwks keys;
    struct kube_rule rules[KUBE_MAX_RULES];
    size_t n_rules;
};
void kube_release(struct kube *k);

/* Reads the keys from a file. */
RESULT kube_load_keys(struct kube *k, const char *path);

/* "TOKEN=BOT:NAMESPACE:ACCOUNT". ERR_USAGE. */
RESULT kube_add_rule(struct kube *k, const char *text);

/* Whether there is a token of that name. */
bool kube_knows(const struct kube *k, const char *token);

/*
 * The bot that `jwt` is let in as, borrowed. ERR_DENIED for one that is forged, out of its time, good for
 * more than half an hour, for somebody else than `cluster`, of another service account, or not bound to a
 * pod.
 */
RESULT kube_judge(const struct kube *k, const char *token, const char *jwt, const char *cluster,
                  struct wall now, const char **ret_bot);

#endif
