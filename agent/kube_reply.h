/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_KUBE_REPLY_H
#define TBOT_AGENT_KUBE_REPLY_H

/*
 * What an API server's answer means: from the status and the `Status` object of Kubernetes to an error
 * with advice, or to another try. Pure; texts of the server are cut, and what is not printable ASCII in them
 * becomes a blank. Threads: any.
 */

#include "base/buf.h"
#include "base/clock.h"

#define KUBE_REPLY_TRIES 4 /* of one request, the first one included */

struct kube_reply {
    unsigned status;
    char reason[64];        /* "Conflict"; "" where the server does not say, as the others */
    char kind[64];          /* of what the answer is about: "secrets", "namespaces" */
    char message[512];      /* for people */
    bool is_owned;          /* 409: a field belongs to another field manager */
    struct dur retry_after; /* 0: not said */
};

/* `body` is that of an answer other than 2xx; one that makes no sense leaves the texts empty. */
void kube_reply_read(unsigned status, struct bytes body, struct dur retry_after,
                     struct kube_reply *ret);

static inline bool kube_reply_is_success(unsigned status)
{
    return status >= 200 && status < 300;
}

/*
 * Whether the same request may be sent once more after `tries` of it, and after how long. Not where
 * nothing would change: a denial, a field of somebody else's.
 */
bool kube_reply_may_repeat(const struct kube_reply *r, unsigned tries, struct dur *ret_wait);

/* What was asked. */
struct kube_asked {
    const char *verb; /* "get", "patch" */
    const char *name_space, *name;
    const char *token; /* what the service account's token says of itself; "": not known */
};

/* The error that an answer other than 2xx is. ERR_NOT_FOUND for a secret that is not there. */
struct err *kube_reply_error(const struct kube_reply *r, const struct kube_asked *asked);

#endif
