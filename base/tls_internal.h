/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_TLS_INTERNAL_H
#define TBOT_BASE_TLS_INTERNAL_H

/*
 * What the files behind base/tls.h share. Nobody else includes this.
 *
 * tls.c         the stream: reading, writing, handshake, end
 * tls_client.c  connecting; tls_server.c accepting
 * tls_verify.c  judging the peer's certificate
 * tls_roots.c   the system's roots
 * tls_error.c   from OpenSSL's failures and the peer's alerts to our codes
 */

#include "base/tls.h"

#include <openssl/ssl.h>

struct tls {
    SSL *ssl;
    int fd;            /* -1: over `inner` */
    struct tls *inner; /* owned */
    bool has_cert;     /* we can present one */
    char alpn[256];

    /* For the story of a failed verification, ours or the peer's: */
    struct wall now;     /* when we connected, by our clock */
    const char *name;    /* borrowed from the configuration, valid during the handshake */
    X509 *refused;       /* the certificate that failed, NULL: none did */
    int refused_because; /* X509_V_ERR_… */
};

/* A stream without SSL yet. Takes one of `fd` and `inner`, also on failure. */
RESULT tls_make(int fd, struct tls *inner, struct tls **ret);

/* Binds an SSL of `ctx` to the stream's transport. */
RESULT tls_attach(struct tls *t, SSL_CTX *ctx);

/* To the end of the handshake, as client or server was set on t->ssl. */
RESULT tls_handshake(struct tls *t, const struct ctx *ctx);

/* What both sides set on their contexts. */
RESULT tls_context_new(const SSL_METHOD *method, SSL_CTX **ret);

/* The list as it is on the wire, RFC 7301 3.1. ERR_PROTOCOL for a name that cannot be sent. */
RESULT tls_alpn_encode(const char *const *names, struct buf *out);

/* Makes t->ssl demand a certificate that leads to its store's roots and carries `name`. */
RESULT tls_verify_setup(struct tls *t, const char *name);

/* For SSL_set_verify(): remembers for tls_verify_error() what failed; nothing is overruled. */
int tls_verify_note(int ok, X509_STORE_CTX *store);

/*
 * Makes `store` trust the roots of the system, those of SSL_CERT_FILE and SSL_CERT_DIR where they are
 * set. They are read when a chain asks for one.
 */
RESULT tls_roots_use_system(X509_STORE *store);

/* The error for t->refused. */
struct err *tls_verify_error(const struct tls *t);

/* A certificate's time for a message, in `out`. */
char *tls_time_text(const ASN1_TIME *when, char out[RFC3339_SIZE]);

/*
 * What the result `rc` of an SSL call means; for TLS_FAILED *ret_err is set. `saved_errno` is errno
 * as it was right after the call.
 */
enum tls_status tls_judge(struct tls *t, int rc, int saved_errno, struct err **ret_err);

static inline void ssl_ctx_freep(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

#endif
