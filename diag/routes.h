/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ROUTES_H
#define TBOT_DIAG_ROUTES_H

/*
 * From a request to its answer. Pure.
 *
 * Whether one may ask at all is settled before whether there is such a page and such a method, so that a
 * page in somebody's browser, or a stranger, learns nothing from the difference.
 */

#include "diag/access.h"
#include "diag/answer.h"

struct diag_request {
    const char *method;
    const char *path;   /* decoded, without the query */
    const char *format; /* of the query, as the next three; NULL: not given */
    const char *what;   /* its `for` */
    const char *timeout;
    const char *seconds;
    const char *accept, *accept_encoding; /* the headers; NULL: none */
    const char *authorization;            /* the header; NULL: none */
    struct bytes body;                    /* at most DIAG_HTTP_BODY_MAX */
    struct mono since;                    /* when it came; a held one is asked again later */
    struct diag_asker asker;
};

/*
 * `f->with_details` is set here, from the policy. The answer may be to hold the request, and may carry
 * a deed; both are the caller's to do. ERR_NOMEM, or ERR_REJECTED for far too long.
 */
RESULT diag_routes_answer(const struct diag_policy *policy, const struct diag_request *r,
                          struct diag_facts *f, struct diag_answer *a);

#endif
