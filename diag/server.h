/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_SERVER_H
#define TBOT_DIAG_SERVER_H

/*
 * The diagnostics server: HTTP/1.1 on the loop's thread, over TCP, TLS, Unix sockets and those of systemd.
 *
 *     struct diag_server_config c = {.loop = loop, .health = health, …};
 *     TRY(diag_server_new(&c, &server));      listens; the loop serves from here on
 *     diag_server_stop(server);               at the very end of a drain
 *     diag_server_free(server);
 *
 * It answers GET, and where GET is there HEAD, of
 *
 *     /livez /healthz                     does the loop make progress?
 *     /readyz /readyz/{service}           in touch and up to date?
 *     /servez /servez/{service}           can consumers be served now?
 *     /wait /wait/{service}               as soon as that is so, see diag/wait.h
 *     /metrics /_metrics/prometheus       Prometheus text or OpenMetrics
 *     /_metrics /_metrics/json            the same as a JSON list
 *     /status                             all that is known, for a person
 *     /_status                            ghostunnel's form of it
 *     /log-level                          with PUT a level, for good or `?for=` a while
 *
 *     /debug/pprof/…                      profiles, with --debug: diag/answer_profile.c lists them
 *
 * and POST of /renew, /reload and, where the agent allows it, /_shutdown.
 *
 * diag/access.h says who may ask. At most 64 connections, eight places of them are kept for Unix
 * sockets and 24 for the network. A first request must be whole within 10 s, the TLS handshake before
 * it included, a later one within 30 s of the answer before; headers have 8 KiB, a body 4 KiB. At the
 * limit, and when descriptors run out, who has waited longest on the same listener gives way to the new
 * one, so slow clients cannot starve a probe.
 *
 * Nothing here waits: an answer is made from what is known, and a client that does not read its own
 * is dropped after 30 s. Who asks for something to come about is held, at most 16 on the network and 16 on Unix
 * sockets (429), without a limit of time but his own.
 *
 * Threads: the loop's only.
 */

#include "base/loop.h"
#include "diag/access.h"
#include "diag/address.h"
#include "diag/control.h"
#include "diag/core/health.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"
#include "diag/report.h"
#include "diag/tls_keys.h"

/* How long the loop may stand still before /livez says so, unless configured. */
#define DIAG_LIVEZ_STALL dur_s(60)

/* How many addresses one server listens on at most. */
#define DIAG_ADDRESSES_MAX 8

/* All is borrowed and outlives the server, but for `addresses`, which is copied. */
struct diag_server_config {
    struct loop *loop;
    const struct clock *clock;
    struct log *log; /* may be NULL */
    const struct health *health;
    struct metrics *metrics;    /* may be NULL: /metrics answers 404 */
    const char *metrics_prefix; /* of the JSON list's names; NULL: METRICS_PREFIX */
    struct diag_reporter reporter;
    const struct diag_control *control; /* NULL: nothing can be set in motion */
    const struct diag_address *addresses;
    size_t n_addresses;
    struct diag_policy policy;
    const char *token_file;            /* see diag/token_file.h; NULL: no token is good */
    const struct diag_tls_config *tls; /* for https://; NULL: the agent's own identity */
    struct dur livez_stall;            /* 0: /livez is never unhappy */
    const char *version;               /* for the Server header, where details are allowed */
};

struct diag_server;

/*
 * Listens on every address, or on none: an error undoes what was opened. ERR_CONFIG for an address
 * that cannot be served, and for a file of tokens or certificates that cannot be used, ERR_STORAGE for a Unix socket's file, ERR_BUSY when
 * another process listens there, ERR_UNAVAILABLE where the machine does not have the address.
 */
RESULT diag_server_new(const struct diag_server_config *c, struct diag_server **ret);

/* Stops as below, if that was not done. Accepts NULL. */
void diag_server_free(struct diag_server *s);
DEFINE_FREEP(diag_server)

/* Something in the health has changed: who waits for it is answered in the loop's next turn. */
void diag_server_changed(struct diag_server *s);

/*
 * Closes the listeners, removes the Unix sockets that are its own, sends what the kernel takes at once
 * of answers under way, tells those who are held how it is now, and ends every connection. Until then every request is answered.
 */
void diag_server_stop(struct diag_server *s);

/*
 * The agent's own identity, from now on: for handshakes at https:// addresses that begin later, unless
 * `tls` of the configuration names files for all it would be used for. A reference is added. Before the
 * first, and without such files, a handshake there is refused and counted.
 */
void diag_server_use(struct diag_server *s, struct credentials *own);

/* Where the n-th address really listens: for port 0. ERR_NOT_FOUND: not so many, or not on TCP. */
RESULT diag_server_port(const struct diag_server *s, size_t n, unsigned *ret);

#endif
