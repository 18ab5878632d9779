/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_WEBAPI_JSON_H
#define TBOT_TRANSPORT_WEBAPI_JSON_H

/*
 * The JSON of transport/webapi.h, read and written; no I/O.
 *
 * Whatever is read is bounded: nesting, number of values, every text and list. Texts with a NUL
 * or another control byte are refused (in an error's message they become spaces), as are members
 * of the wrong type; absent and null members are empty. Errors: ERR_PROTOCOL, ERR_NOMEM.
 */

#include "transport/webapi.h"

/* All but the date. */
RESULT webapi_json_find(struct bytes body, struct webapi_find *ret);

RESULT webapi_json_certs(struct bytes body, struct msg_certs *ret);

/* Adds to `ret`; on failure it is as it was. */
RESULT webapi_json_remote_clusters(struct bytes body, struct strlist *ret);

#define WEBAPI_JSON_ERROR_SIZE 512

/*
 * The message of `{"error":{"message":…}}`, in printable ASCII and cut where it is too long; "" when
 * the body is anything else, such as the page of a load balancer. Returns `out`.
 */
char *webapi_json_error(struct bytes body, char out[WEBAPI_JSON_ERROR_SIZE]);

/* The body of a join. It holds the token, so it is written without help: no copies stay behind. */
RESULT webapi_json_register(const struct msg_register_request *m, struct secret **ret);

#endif
