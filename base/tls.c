/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>

RESULT tls_context_new(const SSL_METHOD *method, SSL_CTX **ret)
{
    CLEANUP(ssl_ctx_freep) SSL_CTX *ctx = SSL_CTX_new(method);

    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
        return err_ossl("TLS context");
    /* A buffer may have moved between two tries of a write: ours come from callers. */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    *ret = TAKE(ctx);
    return NULL;
}

void tls_load(void)
{
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
}

RESULT tls_alpn_encode(const char *const *names, struct buf *out)
{
    for (; *names; names++) {
        size_t len = strlen(*names);
        if (len == 0 || len > 255)
            return err_new(ERR_PROTOCOL,
                           "ALPN name '%s' has %zu bytes; TLS carries names of 1 to 255", *names,
                           len);
        TRY(buf_add_u8(out, (uint8_t)len));
        TRY(buf_add(out, *names, len));
    }
    return NULL;
}

RESULT tls_make(int fd, struct tls *inner, struct tls **ret)
{
    struct tls *t = calloc(1, sizeof(*t));

    if (!t) {
        closep(&fd);
        tls_free(inner);
        return err_nomem();
    }
    t->fd = fd;
    t->inner = inner;
    *ret = t;
    return NULL;
}

/* The inner stream appears to the outer one as the place it reads from and writes to. */
static bool attach_inner(struct tls *t)
{
    BIO *bio = BIO_new(BIO_f_ssl());

    if (!bio)
        return false;
    BIO_set_ssl(bio, t->inner->ssl, BIO_NOCLOSE);
    SSL_set_bio(t->ssl, bio, bio);
    return true;
}

RESULT tls_attach(struct tls *t, SSL_CTX *ctx)
{
    t->ssl = SSL_new(ctx);
    if (!t->ssl || !(t->inner ? attach_inner(t) : SSL_set_fd(t->ssl, t->fd)))
        return err_ossl("TLS stream");
    SSL_set_app_data(t->ssl, t);
    return NULL;
}

static RESULT wait_for(const struct tls *t, enum tls_status want, const struct ctx *ctx)
{
    return ctx_wait_fd(ctx, tls_fd(t), want == TLS_WANT_READ ? POLLIN : POLLOUT);
}

/* OpenSSL's verdict on a call reads this thread's error queue: it must be empty before. */
static void before_call(void)
{
    ERR_clear_error();
    errno = 0;
}

static void note_alpn(struct tls *t)
{
    const unsigned char *alpn = NULL;
    unsigned alpn_len = 0;

    SSL_get0_alpn_selected(t->ssl, &alpn, &alpn_len);
    if (alpn_len > 0)
        memcpy(t->alpn, alpn, alpn_len); /* a length byte: 255 at most, and zeroed behind */
}

enum tls_status tls_try_handshake(struct tls *t, struct err **ret_err)
{
    before_call();
    int rc = SSL_do_handshake(t->ssl);
    enum tls_status status = tls_judge(t, rc, errno, ret_err);

    if (status == TLS_DONE)
        note_alpn(t);
    if (status != TLS_CLOSED)
        return status;
    *ret_err = err_new(ERR_UNAVAILABLE, "the peer ended the connection during the handshake");
    return TLS_FAILED;
}

RESULT tls_handshake(struct tls *t, const struct ctx *ctx)
{
    for (;;) {
        struct err *e = NULL;
        enum tls_status status = tls_try_handshake(t, &e);
        if (status == TLS_DONE)
            return NULL;
        if (status == TLS_FAILED)
            return e;
        TRY(wait_for(t, status, ctx));
    }
}

enum tls_status tls_try_read(struct tls *t, void *out, size_t len, size_t *ret_n,
                             struct err **ret_err)
{
    before_call();
    int rc = SSL_read_ex(t->ssl, out, len, ret_n);
    return tls_judge(t, rc, errno, ret_err);
}

/*
 * In TLS 1.3 the server judges our certificate after we believe the handshake is over: the first
 * write may find the connection closed, while the alert that says why waits to be read.
 */
static void prefer_alert(struct tls *t, struct err **e)
{
    struct err *told = NULL;
    uint8_t byte;
    size_t n;

    if (err_code(*e) != ERR_UNAVAILABLE)
        return;
    if (tls_try_read(t, &byte, 1, &n, &told) != TLS_FAILED)
        return;
    bool better = err_code(told) != ERR_UNAVAILABLE;
    err_ignore(better ? *e : told, "the other one says more");
    if (better)
        *e = told;
}

enum tls_status tls_try_write(struct tls *t, const void *data, size_t len, size_t *ret_n,
                              struct err **ret_err)
{
    before_call();
    int rc = SSL_write_ex(t->ssl, data, len, ret_n);
    enum tls_status status = tls_judge(t, rc, errno, ret_err);

    if (status == TLS_FAILED)
        prefer_alert(t, ret_err);
    return status;
}

RESULT tls_read(struct tls *t, void *out, size_t len, const struct ctx *ctx, size_t *ret_n)
{
    for (;;) {
        struct err *e = NULL;
        size_t n = 0;
        enum tls_status status = tls_try_read(t, out, len, &n, &e);
        if (status == TLS_FAILED)
            return e;
        if (status == TLS_DONE || status == TLS_CLOSED) {
            *ret_n = status == TLS_DONE ? n : 0;
            return NULL;
        }
        TRY(wait_for(t, status, ctx));
    }
}

RESULT tls_write_all(struct tls *t, const void *data, size_t len, const struct ctx *ctx)
{
    const uint8_t *at = data;

    while (len > 0) {
        struct err *e = NULL;
        size_t n = 0;
        enum tls_status status = tls_try_write(t, at, len, &n, &e);
        if (status == TLS_FAILED)
            return e;
        if (status == TLS_CLOSED)
            return err_new(ERR_UNAVAILABLE, "the peer ended the connection");
        if (status == TLS_DONE) {
            at += n;
            len -= n;
        } else {
            TRY(wait_for(t, status, ctx));
        }
    }
    return NULL;
}

void tls_shutdown(struct tls *t)
{
    if (!t->ssl || SSL_in_init(t->ssl))
        return;
    before_call();
    (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    tls_shutdown(t);
    SSL_free(t->ssl); /* before the inner one, which it writes through */
    X509_free(t->refused);
    tls_free(t->inner);
    closep(&t->fd);
    free(t);
}

int tls_fd(const struct tls *t)
{
    while (t->inner)
        t = t->inner;
    return t->fd;
}

const char *tls_alpn(const struct tls *t)
{
    return t->alpn;
}

const char *tls_version(const struct tls *t)
{
    return SSL_get_version(t->ssl);
}

struct x509_st *tls_peer_cert(const struct tls *t)
{
    return SSL_get0_peer_certificate(t->ssl);
}
