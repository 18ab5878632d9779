/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_WALK_H
#define TBOT_TRANSPORT_WALK_H

/*
 * The way to the cluster, step by step, each told as it happens: for a person who wants to know where
 * it ends.
 *
 *     const struct walk_config config = {.address = address, .kind = kind, .creds = stored,
 *                                        .limit = dur_s(10), .watch = &watch};
 *     bool arrived = walk_run(&config, &ctx);
 *
 * It goes where the agent goes, with the dial, the routes and the calls of the agent. With an identity
 * it asks who it is, and where the cluster's CAs are no longer those of the identity, pins or a CA file
 * are asked as the agent asks them. As a stranger it comes to where a join would begin. It has no token
 * and joins nothing. Calls that change something are not made.
 *
 * A step that fails is told with its cause and a remedy. Where there is another address or another
 * way, it is tried, and what failed before is a warning; what nothing leads to is not tried.
 *
 * Needs transport_init(). Blocks within `ctx`, and in each step for `limit` at most.
 */

#include "identity/pki/credentials.h"
#include "transport/path.h"

/* In the order they are taken; a proxy tells of itself before it is asked anything else. */
enum walk_step {
    WALK_RESOLVE,
    WALK_TCP,
    WALK_TLS,
    WALK_CERTIFICATE, /* of the server, and who vouches for it */
    WALK_UPGRADE,     /* whether a load balancer in between asks for the connection upgrade */
    WALK_CLOCK,       /* what time it is there: judged by who watches */
    WALK_ROUTE,       /* the way that was found */
    WALK_PING,
    WALK_STEP_COUNT
};

/* Stable lower-case name. */
const char *walk_step_name(enum walk_step step);

enum walk_status {
    WALK_OK,
    WALK_WARNING,
    WALK_FAILED,
    WALK_NOT_TRIED,
};

/* How a step ended; valid during the call. */
struct walk_event {
    enum walk_step step;
    enum walk_status status;
    const char *where; /* a host, or an address with its port */
    struct dur took;
    const char *text;   /* what was found, or the cause */
    enum err_code code; /* of what failed, else ERR_OK */
    const char *hint;   /* NULL: none; always there for what failed */

    /* WALK_CLOCK that went well: what was shown (WALL_NONE: nothing), and when that was, by our clock. */
    struct wall shown;
    struct mono asked, answered;
};

/* A step that begins may be told of as another one. */
struct walk_watch {
    void (*begin)(void *arg, enum walk_step step, const char *where);
    void (*end)(void *arg, const struct walk_event *event);
    void *arg;
};

struct walk_config {
    struct address address;
    enum path_kind kind;
    bool insecure;
    struct credentials *creds;     /* NULL: as a stranger */
    const struct strlist *ca_pins; /* what else knows the cluster's CAs; NULL: nothing */
    const char *ca_path;           /* NULL or "": none. Pins win */
    struct dur limit;              /* of each step */
    const struct walk_watch *watch;
};

/* Whether it came to the end. */
bool walk_run(const struct walk_config *config, const struct ctx *ctx);

#endif
