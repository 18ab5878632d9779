/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls_internal.h"

#define ALPN_MAX 4096

struct tls_server {
    SSL_CTX *ctx;
    struct buf *alpn; /* as on the wire; NULL: none */
    int (*judge_client)(void *arg, struct x509_st *cert);
    void *judge_arg;
};

/* Our order decides. A client that offers only what we do not have is refused (RFC 7301 3.2). */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *theirs, unsigned theirs_len, void *arg)
{
    const struct buf *ours = arg;
    unsigned char *chosen = NULL;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_len, ours->data, (unsigned)ours->len, theirs,
                              theirs_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* That the client has the key is proven by the handshake; whose it is, the caller knows. */
static int judge_cert(X509_STORE_CTX *store, void *arg)
{
    const struct tls_server *s = arg;
    if (!s->judge_client)
        return 1;
    int verdict = s->judge_client(s->judge_arg, X509_STORE_CTX_get0_cert(store));
    X509_STORE_CTX_set_error(store, verdict); /* chooses the alert */
    return verdict == X509_V_OK;
}

static RESULT serve_alpn(struct tls_server *s, const char *const *names)
{
    s->alpn = buf_new(ALPN_MAX);
    if (!s->alpn)
        return err_nomem();
    TRY(tls_alpn_encode(names, s->alpn));
    SSL_CTX_set_alpn_select_cb(s->ctx, select_alpn, s->alpn);
    return NULL;
}

/*
 * The names of the CAs are sent to the client, so that one with several certificates knows which to
 * show. Whoever lists an intermediate CA means it, not everything of the root above.
 */
static RESULT verify_clients(SSL_CTX *ctx, struct stack_st_X509 *roots)
{
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    for (int i = 0; i < sk_X509_num(roots); i++) {
        X509 *root = sk_X509_value(roots, i);
        if (!X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root) ||
            !SSL_CTX_add_client_CA(ctx, root))
            return err_ossl("use a CA certificate for clients");
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_verify_note);
    return NULL;
}

static RESULT ask_clients(struct tls_server *s, const struct tls_server_config *config)
{
    if (config->client_roots)
        return verify_clients(s->ctx, config->client_roots);
    SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
    s->judge_client = config->judge_client;
    s->judge_arg = config->judge_arg;
    SSL_CTX_set_cert_verify_callback(s->ctx, judge_cert, s);
    return NULL;
}

RESULT tls_server_new(const struct tls_server_config *config, struct tls_server **ret)
{
    CLEANUP(tls_server_freep) struct tls_server *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem();
    TRY(tls_context_new(TLS_server_method(), &s->ctx));
    SSL_CTX_set_num_tickets(s->ctx, 0); /* nobody resumes: streams are few and long */
    if (!SSL_CTX_use_cert_and_key(s->ctx, config->cert, config->key, config->chain, 1))
        return err_ossl("use the server's certificate and key");
    if (config->alpn && config->alpn[0])
        TRY(serve_alpn(s, config->alpn));
    if (config->request_client_cert)
        TRY(ask_clients(s, config));
    *ret = TAKE(s);
    return NULL;
}

void tls_server_free(struct tls_server *s)
{
    if (!s)
        return;
    SSL_CTX_free(s->ctx);
    buf_free(s->alpn);
    free(s);
}

RESULT tls_accept_start(int fd, struct tls_server *server, struct wall now, struct tls **ret)
{
    CLEANUP(tls_freep) struct tls *t = NULL;

    TRY(tls_make(fd, NULL, &t));
    TRY(tls_attach(t, server->ctx));
    t->has_cert = true;
    t->now = now;
    X509_VERIFY_PARAM_set_time(SSL_get0_param(t->ssl), (time_t)wall_to_unix(now));
    SSL_set_accept_state(t->ssl);
    *ret = TAKE(t);
    return NULL;
}

RESULT tls_accept(int fd, struct tls_server *server, const struct ctx *ctx, struct tls **ret)
{
    CLEANUP(tls_freep) struct tls *t = NULL;

    TRY(tls_accept_start(fd, server, clock_wall(ctx->clock), &t));
    TRY_CTX(tls_handshake(t, ctx), "TLS handshake");
    *ret = TAKE(t);
    return NULL;
}
