/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls_internal.h"

#include <string.h>

/* Every name at its longest, and more names than anybody offers. */
#define ALPN_MAX 4096

static RESULT load_roots(SSL_CTX *ctx, const struct tls_client_config *config)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);

    if (config->verify == TLS_VERIFY_SYSTEM)
        return tls_roots_use_system(store);
    if (config->verify != TLS_VERIFY_ROOTS)
        return NULL;
    for (int i = 0; i < sk_X509_num(config->roots); i++) {
        if (!X509_STORE_add_cert(store, sk_X509_value(config->roots, i)))
            return err_ossl("use a root certificate");
    }
    return NULL;
}

static RESULT offer_alpn(SSL *ssl, const char *const *names)
{
    CLEANUP(buf_freep) struct buf *wire = buf_new(ALPN_MAX);

    if (!wire)
        return err_nomem();
    TRY(tls_alpn_encode(names, wire));
    if (SSL_set_alpn_protos(ssl, wire->data, (unsigned)wire->len) != 0) /* 0 is success here */
        return err_ossl("offer protocols");
    return NULL;
}

static RESULT present_cert(struct tls *t, const struct tls_client_config *config)
{
    if (!config->cert)
        return NULL;
    /* Nothing but our own: a Teleport server hangs up on a client that shows a chain, and OpenSSL would
     * make one from the roots it verifies with. */
    SSL_set_mode(t->ssl, SSL_MODE_NO_AUTO_CHAIN);
    if (!SSL_use_cert_and_key(t->ssl, config->cert, config->key, NULL, 1))
        return err_ossl("use our certificate and key for TLS");
    t->has_cert = true;
    return NULL;
}

static RESULT client_setup(struct tls *t, const struct tls_client_config *config,
                           const struct ctx *ctx)
{
    CLEANUP(ssl_ctx_freep) SSL_CTX *context = NULL;

    TRY(tls_context_new(TLS_client_method(), &context));
    TRY(load_roots(context, config));
    TRY(tls_attach(t, context));
    t->now = clock_wall(ctx->clock);
    SSL_set_connect_state(t->ssl);
    if (config->sni && !SSL_set_tlsext_host_name(t->ssl, config->sni))
        return err_ossl("server name '%s'", config->sni);
    if (config->alpn && config->alpn[0])
        TRY(offer_alpn(t->ssl, config->alpn));
    TRY(present_cert(t, config));
    if (config->verify == TLS_VERIFY_NONE)
        return NULL;
    return tls_verify_setup(t, config->verify_name);
}

static RESULT check_alpn(const struct tls *t, const char *required)
{
    if (!required || strcmp(t->alpn, required) == 0)
        return NULL;
    if (t->alpn[0] == '\0')
        return err_new(ERR_PROTOCOL, "the server chose no protocol (ALPN); '%s' is needed",
                       required);
    return err_new(ERR_PROTOCOL, "the server chose protocol '%s' (ALPN); '%s' is needed", t->alpn,
                   required);
}

/* Takes `fd` or `inner`. */
static RESULT client_connect(int fd, struct tls *inner, const struct tls_client_config *config,
                             const struct ctx *ctx, struct tls **ret)
{
    CLEANUP(tls_freep) struct tls *t = NULL;

    TRY(tls_make(fd, inner, &t));
    TRY(client_setup(t, config, ctx));
    TRY_CTX(tls_handshake(t, ctx), "TLS handshake");
    TRY_CTX(check_alpn(t, config->require_alpn), "TLS handshake");
    t->name = NULL;
    *ret = TAKE(t);
    return NULL;
}

RESULT tls_connect(int fd, const struct tls_client_config *config, const struct ctx *ctx,
                   struct tls **ret)
{
    return client_connect(fd, NULL, config, ctx, ret);
}

RESULT tls_connect_over(struct tls *inner, const struct tls_client_config *config,
                        const struct ctx *ctx, struct tls **ret)
{
    return client_connect(-1, inner, config, ctx, ret);
}
