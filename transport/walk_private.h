/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_WALK_PRIVATE_H
#define TBOT_TRANSPORT_WALK_PRIVATE_H

/*
 * Private to walk*.c.
 *
 * walk.c       the ways, and their order
 * walk_tell.c  telling: every finding goes through here
 * walk_dial.c  a dial, as steps
 * walk_ask.c   what is asked of the server: itself, its time, whether it passes ALPN on
 */

#include "transport/channel.h"
#include "transport/route.h"
#include "transport/walk.h"

struct walk {
    const struct walk_config *config;
    struct ctx ctx; /* of the whole */
    char where[ADDRESS_TEXT_SIZE];
    struct mono began;     /* the step under way */
    unsigned told;         /* 1 << step, of the way under way */
    enum walk_step failed; /* where a way ended, and by what */
    enum err_code failed_by;
    bool is_last_way;          /* nothing is tried after it */
    const char *vouched_by;    /* who vouches for the certificate, for people; NULL: nobody */
    bool certificate_is_later; /* it is judged after the dial */
    bool has_second_opinion;   /* a certificate that is not trusted is judged once more */
};

/* --- walk_tell.c --- */

void walk_begin(struct walk *w, enum walk_step step, const char *where);

/* Good news of a step that was told already in this way is left out: a second dial is no news. */
void walk_ok(struct walk *w, enum walk_step step, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void walk_warn(struct walk *w, enum walk_step step, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void walk_skip(struct walk *w, enum walk_step step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The way ends here. `e` is borrowed. */
void walk_fail(struct walk *w, enum walk_step step, const char *where, const struct err *e);

/* It went wrong and goes on. `e` is borrowed. */
void walk_fail_softly(struct walk *w, enum walk_step step, const char *where, const struct err *e);

/* Whatever was not told is told as not tried. */
void walk_skip_rest(struct walk *w);

/* The same limit for a step that is no dial. */
struct ctx walk_limit(const struct walk *w);

/* --- walk_dial.c --- */

/* Tells resolving, TCP, TLS and the certificate. NULL: it failed, which was told. */
struct tls *walk_dial(struct walk *w, const struct tls_client_config *config);

/* --- walk_ask.c --- */

/* A channel over `tls`, which it takes. */
struct walk_line {
    struct walk *walk;
    const struct tls_client_config *config; /* for further dials; outlives it */
    struct tls *tls;
    struct channel *channel;
};
RESULT walk_line_open(struct walk_line *line);
void walk_line_close(struct walk_line *line);

/* Whether ALPN reaches the proxy, which is known to speak TLS. False: it does not, which was told. */
bool walk_ask_upgrade(struct walk *w);

/* How an auth server tells its time: on a connection of its own. `roots` may be NULL. */
void walk_ask_auth_clock(struct walk *w, struct stack_st_X509 *roots);
/* A proxy tells it with its description of itself. */
void walk_ask_proxy_clock(struct walk *w);
void walk_tell_clock(struct walk *w, struct wall shown, struct mono asked, struct mono answered);

/* Who the server is, and whether it knows us. */
bool walk_ask_ping(struct walk *w, struct walk_line *line);
void walk_tell_server(struct walk *w, const char *cluster, const char *version);

#endif
