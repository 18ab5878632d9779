/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_KUBE_CLIENT_H
#define TBOT_AGENT_KUBE_CLIENT_H

/*
 * The API server of the Kubernetes cluster that this pod runs in.
 *
 *     TRY(kube_client_new(NULL, getenv, &client));                nothing is asked yet
 *     TRY(kube_client_namespace(client, given, getenv, name_space));
 *     TRY(kube_client_ask(client, &question, ctx, &body));
 *
 * Where it is, the pod's environment says (KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT); whom to
 * trust, and who we are, the directory of the service account: `ca.crt`, `token`. Both are read anew for
 * each request, as the kubelet replaces them. No proxy is used, and nothing else is ever trusted.
 *
 * A question is asked up to KUBE_REPLY_TRIES times, within the deadline, where its answer says that it may
 * pass (kube_reply.h); so it must be one that may be asked twice. Where nobody answers it is asked once: whoever
 * asks knows better when to try again.
 *
 * Errors: ERR_CONFIG outside of a pod; ERR_STORAGE for files that cannot be read; those of
 * transport/dial.h and transport/http.h; what kube_reply_error() makes of an answer. Threads: immutable.
 */

#include "agent/kube_reply.h"
#include "base/ctx.h"
#include "base/entropy.h"
#include "base/secret.h"

struct kube_client;

/* `dir` NULL or "": the usual one. `get` is getenv(3), or a test's. */
RESULT kube_client_new(const char *dir, char *(*get)(const char *name), struct kube_client **ret);
void kube_client_free(struct kube_client *c); /* accepts NULL */
DEFINE_FREEP(kube_client)

#define KUBE_NAMESPACE_SIZE 64

/* `given`, else POD_NAMESPACE, else the service account's own. ERR_CONFIG when none of them says. */
RESULT kube_client_namespace(const struct kube_client *c, const char *given,
                             char *(*get)(const char *name), char ret[KUBE_NAMESPACE_SIZE]);

struct kube_question {
    const char *method, *path;
    const char *content_type; /* NULL: no body is sent */
    struct bytes body;
    const char *accept;
    size_t reply_max;
    struct kube_asked asked; /* for messages; `token` is filled in */
};

/* *ret is the body of a 2xx answer. */
RESULT kube_client_ask(const struct kube_client *c, const struct kube_question *q,
                       const struct ctx *ctx, struct secret **ret);

#endif
