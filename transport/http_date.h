/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_HTTP_DATE_H
#define TBOT_TRANSPORT_HTTP_DATE_H

#include "base/clock.h"

/*
 * The time of a Date header, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). WALL_NONE for
 * anything else, the two obsolete forms included: no server has sent them for decades.
 */
struct wall http_date_parse(const char *text);

#endif
