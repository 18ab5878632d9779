/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_TLS_H
#define TBOT_BASE_TLS_H

/*
 * One TLS stream over a connected socket (OpenSSL underneath; TLS 1.2 and 1.3).
 *
 * The certificate's validity is judged by the clock we are handed, never by the system's. A failed
 * handshake is told apart by its cause: ERR_UNTRUSTED (the chain, the name), ERR_EXPIRED (a
 * certificate out of its time, theirs or, by their alert, ours), ERR_DENIED (their alert refuses our
 * certificate), ERR_PROTOCOL (not TLS, no common protocol), ERR_UNAVAILABLE (connection lost),
 * ERR_TIMEOUT, ERR_CANCELLED.
 *
 * The socket must be non-blocking; the stream owns it. Threads: one at a time. SIGPIPE must be
 * ignored by the process.
 */

#include "base/ctx.h"
#include "base/strlist.h"

/* OpenSSL's own names for EVP_PKEY, X509 and the list of X509. */
struct evp_pkey_st;
struct x509_st;
struct stack_st_X509;

struct tls;

enum tls_verify {
    TLS_VERIFY_ROOTS,  /* chain to `roots`, name `verify_name` */
    TLS_VERIFY_SYSTEM, /* chain to the system's roots (SSL_CERT_FILE honoured), name `verify_name` */
    TLS_VERIFY_NONE,   /* anybody: only for `insecure` and for fetching a CA that is then pinned */
};

struct tls_client_config {
    const char *sni;          /* sent in the ClientHello; NULL: none (for IP addresses) */
    const char *const *alpn;  /* in order of preference, NULL-terminated; NULL: none */
    const char *require_alpn; /* the answer must be this: ERR_PROTOCOL otherwise. NULL: any */
    enum tls_verify verify;
    const char *verify_name; /* DNS name or IP address the certificate must carry */
    struct stack_st_X509 *roots;
    struct x509_st *cert; /* ours, leaf only; NULL: none is offered */
    struct evp_pkey_st *key;
};

/*
 * Where TLS_VERIFY_SYSTEM looks: a file of certificates, and directories with ':' between them.
 * SSL_CERT_FILE and SSL_CERT_DIR are honoured. Borrowed from the environment, or static.
 */
const char *tls_roots_file(void);
const char *tls_roots_dirs(void);

/*
 * Reads OpenSSL's own configuration and loads the libraries that are named in it, which otherwise happens
 * at its first use: for who will not be able to later.
 */
void tls_load(void);

/* Handshakes as a client. Takes `fd` over, also on failure. */
RESULT tls_connect(int fd, const struct tls_client_config *config, const struct ctx *ctx,
                   struct tls **ret);

/*
 * As tls_connect(), inside another stream: TLS in TLS. Takes `inner` over, also on failure.
 */
RESULT tls_connect_over(struct tls *inner, const struct tls_client_config *config,
                        const struct ctx *ctx, struct tls **ret);

/* For servers: the context is made once and shared by threads. */
struct tls_server;
struct tls_server_config {
    struct x509_st *cert;
    struct stack_st_X509 *chain; /* NULL: none */
    struct evp_pkey_st *key;
    const char *const *alpn;  /* ours, in order of preference; NULL: none */
    bool request_client_cert; /* asked for, not required: see tls_peer_cert() */
    /*
     * A certificate that is shown must lead to one of these, at the time of the clock we are handed.
     * Each is trusted as it is, also one that another CA made. NULL: judge_client alone decides.
     */
    struct stack_st_X509 *client_roots;
    /*
     * Without client_roots. Judges a certificate that was shown: X509_V_OK, or the X509_V_ERR_… that the client is told in
     * an alert. NULL: any will do. Called in the handshake, by the thread that is in tls_accept().
     */
    int (*judge_client)(void *arg, struct x509_st *cert);
    void *judge_arg;
};
RESULT tls_server_new(const struct tls_server_config *config, struct tls_server **ret);
void tls_server_free(struct tls_server *s);
DEFINE_FREEP(tls_server)

/* Handshakes as a server. Takes `fd` over, also on failure. */
RESULT tls_accept(int fd, struct tls_server *server, const struct ctx *ctx, struct tls **ret);

/*
 * The same without waiting: *ret must be brought through its handshake with tls_try_handshake() before
 * anything else is done with it. `now` judges the client's certificate. The stream may outlive `server`
 * where that has neither `alpn` nor `judge_client`.
 */
RESULT tls_accept_start(int fd, struct tls_server *server, struct wall now, struct tls **ret);

/* Sends close_notify where that does not block, closes the socket. Accepts NULL. */
void tls_free(struct tls *t);
DEFINE_FREEP(tls)

/* Blocking forms. *ret_n = 0 is the peer's orderly end. */
RESULT tls_read(struct tls *t, void *out, size_t len, const struct ctx *ctx, size_t *ret_n);
RESULT tls_write_all(struct tls *t, const void *data, size_t len, const struct ctx *ctx);

/* Non-blocking forms, for the relay and for loops. */
enum tls_status {
    TLS_DONE,       /* reading and writing: *ret_n bytes moved, at least one */
    TLS_WANT_READ,  /* wait until the socket is readable, then call again */
    TLS_WANT_WRITE, /* wait until it is writable */
    TLS_CLOSED,     /* orderly end */
    TLS_FAILED,     /* *ret_err says why; it is the caller's */
};
/* TLS_DONE once it is through; TLS_CLOSED does not come. */
enum tls_status tls_try_handshake(struct tls *t, struct err **ret_err);
enum tls_status tls_try_read(struct tls *t, void *out, size_t len, size_t *ret_n,
                             struct err **ret_err);
enum tls_status tls_try_write(struct tls *t, const void *data, size_t len, size_t *ret_n,
                              struct err **ret_err);

/* Sends close_notify if that does not block; reading may go on. */
void tls_shutdown(struct tls *t);

/* Borrowed: the innermost socket, for poll(2). */
int tls_fd(const struct tls *t);

/* What was negotiated, "" for none. Lives as long as `t`. */
const char *tls_alpn(const struct tls *t);

/* "TLSv1.3". Static. */
const char *tls_version(const struct tls *t);

/* The peer's leaf, borrowed, or NULL. */
struct x509_st *tls_peer_cert(const struct tls *t);

#endif
