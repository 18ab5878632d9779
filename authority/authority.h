/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_AUTHORITY_H
#define TBOT_AUTHORITY_AUTHORITY_H

/*
 * The cluster itself: what joins, renewals and questions mean, whatever connection they come by.
 *
 * It imitates the auth server of one major version of Teleport, as far as a machine's agent can tell.
 * The rules are in the files it is made of (bots.h, tokens.h, ca.h, faults.h); here they meet, under
 * one lock, and what they decide is made durable before anything is signed for it.
 *
 * Errors carry the code a cluster would answer with: see status.h. Threads: everything but
 * authority_new() and authority_free() may be called from any thread.
 */

#include "authority/ca.h"
#include "authority/faults.h"
#include "authority/kube.h"
#include "authority/peer.h"

#include "proto/msg_certs.h"

#define AUTHORITY_VERSION_MIN 15
#define AUTHORITY_VERSION_MAX 18

struct authority_config {
    const char *cluster;
    enum suite suite;              /* of a new cluster; a stored one keeps its own */
    int version;                   /* the major version to imitate */
    const struct strlist *leaves;  /* names of leaf clusters */
    const char *state_path;        /* NULL: in memory only */
    const struct clock *clock;     /* borrowed */
    const struct entropy *entropy; /* borrowed */
};

struct authority;

/* Loads the state or makes a new cluster: takes a second or two with suite legacy. */
RESULT authority_new(const struct authority_config *config, struct authority **ret);
void authority_free(struct authority *a); /* accepts NULL */
DEFINE_FREEP(authority)

/* What does not change. */
const char *authority_cluster(const struct authority *a);
int authority_version(const struct authority *a);
const char *authority_server_version(const struct authority *a); /* "17.4.0" */
enum suite authority_suite(const struct authority *a);
const struct strlist *authority_leaves(const struct authority *a);

/* Where the proxy is, "127.0.0.1:3080"; set once, before anybody is served. "": there is none. */
RESULT authority_set_web_addr(struct authority *a, const char *addr);
const char *authority_web_addr(const struct authority *a);

/* ---- Bots and tokens ---- */

/* ERR_REJECTED for a name that cannot be. Nothing happens when the bot exists. */
RESULT authority_add_bot(struct authority *a, const char *bot, const struct strlist *roles);

/*
 * A token for one join of `bot`, which exists (ERR_NOT_FOUND). `value` NULL: a random one. ERR_REJECTED
 * when it exists or was used before. `ret` may be NULL.
 */
RESULT authority_add_token(struct authority *a, const char *value, const char *bot,
                           struct secret **ret);

/* An unused token of the bot, or a new random one. */
RESULT authority_any_token(struct authority *a, const char *bot, struct secret **ret);

/* ERR_DENIED for a token that is unknown or used. */
RESULT authority_check_token(struct authority *a, const char *value);

/* Whether a value was used up by a join. */
RESULT authority_token_was_used(struct authority *a, const char *value, bool *ret);

/*
 * Tokens of the join method `kubernetes`; set once, before anybody is served, with bots that exist
 * (ERR_NOT_FOUND). Takes what is in `kube` over, also after an error.
 */
RESULT authority_set_kube(struct authority *a, struct kube *kube);

/* The method a token is for: "token", also for one that is unknown, or "kubernetes". Static. */
const char *authority_method(const struct authority *a, const char *token);

RESULT authority_set_lock(struct authority *a, const char *bot, bool is_locked);

/* ---- Certificates ---- */

/* Certificates as they go out. Zero-initialised is empty. */
struct certs {
    struct buf tls;         /* PEM */
    struct buf ssh;         /* one line */
    struct strlist tls_cas; /* PEM */
    struct strlist ssh_cas; /* authorized_keys lines */
};
#define CERTS_INIT                                                                                 \
    ((struct certs){.tls = BUF_INIT((size_t)256 * 1024), .ssh = BUF_INIT((size_t)256 * 1024)})
void certs_release(struct certs *c);

/* The protocol's message. */
RESULT certs_encode(const struct certs *c, struct buf *out);

struct authority_join {
    const char *token;
    const char *id_token; /* the JWT of the method `kubernetes`; NULL or "": none */
    const char *role;     /* "Bot" */
    struct bytes ssh_key; /* blob */
    EVP_PKEY *tls_key;
    struct wall expires; /* WALL_NONE: in an hour */
};
/* `ret` was initialised with CERTS_INIT. */
RESULT authority_join(struct authority *a, const struct authority_join *join, struct certs *ret);

/*
 * The bot's own renewal, or, with role requests, an identity for one of its outputs. The generation
 * is committed before the keys are even looked at: an error afterwards has cost one, as in a cluster.
 */
RESULT authority_generate(struct authority *a, const struct peer *peer,
                          const struct msg_user_certs_request *request, struct certs *ret);

/* ---- Questions ---- */

/* Whether a peer may call anything: ERR_DENIED without a certificate, ERR_LOCKED. */
RESULT authority_check_peer(struct authority *a, const struct peer *peer);

/* The generation the user's label shows; 0: none. ERR_NOT_FOUND. */
RESULT authority_user_generation(struct authority *a, const char *user, int64_t *ret);

/* The roles that the role `user` allows to impersonate. ERR_NOT_FOUND. `out` is empty. */
RESULT authority_role(struct authority *a, const char *user, struct strlist *out);

/* What is to be trusted. The lists are the caller's. */
struct authority_ca {
    struct strlist tls; /* PEM, active first */
    struct strlist ssh; /* authorized_keys lines */
    enum ca_phase phase;
};
void authority_ca_release(struct authority_ca *c);
RESULT authority_ca(struct authority *a, enum ca_kind kind, struct authority_ca *ret);

/* Of the leaf cluster authority_leaves() names at `index`: host and user only, ERR_NOT_FOUND. */
RESULT authority_leaf_ca(struct authority *a, size_t index, enum ca_kind kind,
                         struct authority_ca *ret);

/* "sha256:…" of the host authority that signs the server's certificate now. */
RESULT authority_pin(struct authority *a, struct buf *out);

/* The certificate of the web port's own authority, as PEM. */
RESULT authority_web_ca(struct authority *a, struct buf *out);

/* ---- TLS ---- */

enum authority_face {
    AUTHORITY_FACE_AUTH,  /* host authority */
    AUTHORITY_FACE_WEB,   /* the web port's own authority */
    AUTHORITY_FACE_WRONG, /* right names, a foreign authority */
};
/* A certificate to show to a client; the key is borrowed and lives as long as `a`. */
RESULT authority_server_cert(struct authority *a, enum authority_face face, X509 **ret_cert,
                             struct key **ret_key);

/* Judges a client's leaf by the user and host authorities: X509_V_OK, or OpenSSL's reason. */
int authority_verify_client(struct authority *a, X509 *cert);

/* ---- Faults, rotation, counts ---- */

RESULT authority_add_fault(struct authority *a, const struct fault *fault);
void authority_clear_faults(struct authority *a);
void authority_clear_fault_kind(struct authority *a, enum fault_kind kind);
bool authority_take_fault(struct authority *a, enum fault_kind kind, const char *method,
                          struct fault *ret);

/* Whether nobody is to be there until further notice: `refuse` without a count. */
bool authority_is_down(struct authority *a);

/* Rotates one authority, or all with CA_KIND_COUNT; to the next phase, or to a given one. */
RESULT authority_rotate(struct authority *a, enum ca_kind kind, const enum ca_phase *to);

/* What its clock shows: `clock-skew` included. */
struct wall authority_time(struct authority *a);

/* Counts a request of a method or path. */
void authority_count(struct authority *a, const char *method);

/* Everything worth knowing, as JSON; caller frees. */
RESULT authority_status(struct authority *a, char **ret);

#endif
