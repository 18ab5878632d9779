/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_PUSH_TARGET_H
#define TBOT_AGENT_PUSH_TARGET_H

/* Where metrics are sent: what the configuration says, taken apart. Pure. */

#include "transport/address.h"

#define PUSH_PORT_GRAPHITE 2003
#define PUSH_PATH_SIZE 1024

enum push_kind {
    PUSH_GRAPHITE, /* lines over TCP */
    PUSH_URL,      /* POST of the JSON list */
};

/* "graphite", "url": as metrics and log name it. */
const char *push_kind_name(enum push_kind kind);

/* Plain value. */
struct push_target {
    enum push_kind kind;
    struct address address;
    bool is_tls; /* PUSH_URL */
    char
        path[PUSH_PATH_SIZE]; /* PUSH_URL: with the query, which may hold a key: not for messages */
};

/* "host", "host:port", "[v6]:port". ERR_CONFIG. */
RESULT push_target_graphite(const char *text, struct push_target *ret);

/* "http://" or "https://", host, port and path. ERR_CONFIG; no message shows more than the host. */
RESULT push_target_url(const char *text, struct push_target *ret);

#endif
