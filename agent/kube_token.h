/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_KUBE_TOKEN_H
#define TBOT_AGENT_KUBE_TOKEN_H

/*
 * The token of a Kubernetes service account: a JWT (RFC 7519) in a file that the kubelet replaces long
 * before it expires. It proves to the cluster which pod this is, and to the API server who asks.
 *
 *     CLEANUP(secret_freep) struct secret *jwt = NULL;
 *     TRY(kube_token_read(kube_token_path(configured, getenv), &jwt));     each time anew
 *     ... it is shown to somebody, who refuses: `e` ...
 *     return kube_token_explain(&refusal, jwt, e);
 *
 * Whether a token is good is for whoever it is shown to. What it says of itself is read without being
 * verified, and for people only: nothing is decided by it.
 *
 * Errors: ERR_STORAGE for a file that is missing, empty or no JWT. The content is never in a message,
 * but for its claims `sub`, `aud` and `exp`, which are no secrets. Threads: any.
 */

#include "base/clock.h"
#include "base/secret.h"

#define KUBE_TOKEN_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* `configured`, else KUBERNETES_TOKEN_PATH, else where Kubernetes puts it. `get` is getenv(3) or a test's. */
const char *kube_token_path(const char *configured, char *(*get)(const char *name));

RESULT kube_token_read(const char *path, struct secret **ret);

#define KUBE_TOKEN_TEXT_SIZE 512

/* "" and WALL_NONE for what the token does not say. */
struct kube_token_claims {
    char subject[KUBE_TOKEN_TEXT_SIZE];  /* "system:serviceaccount:NAMESPACE:NAME" */
    char audience[KUBE_TOKEN_TEXT_SIZE]; /* several are joined by ", " */
    struct wall expires;
};

/* ERR_STORAGE. */
RESULT kube_token_claims(const struct secret *token, struct kube_token_claims *ret);

#define KUBE_TOKEN_DESCRIPTION_MAX 2048 /* both texts, and what is around them */

/* "of 'system:serviceaccount:a:b', for 'example.com', expired at 2026-01-02T03:04:05Z". */
RESULT kube_token_describe(const struct kube_token_claims *claims, struct wall now,
                           struct buf *out);

/* Who refused a token, as far as that is known. */
struct kube_token_refusal {
    const char *path;    /* of the token */
    const char *cluster; /* "": not known */
    bool was_shown;      /* to the cluster, before the error */
    struct wall now;
};

/*
 * A join's error with what the token says of itself and what a person can do about it, where the cluster
 * refused, or stumbled over a token that cannot be good: a real one answers an expired token, or one for
 * another audience, with an internal error, as which it stays. Any other error, and NULL, as it is. Takes
 * `e`.
 */
struct err *kube_token_explain(const struct kube_token_refusal *refusal, const struct secret *token,
                               struct err *e);

#endif
