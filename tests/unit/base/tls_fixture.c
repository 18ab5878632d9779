/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/tls_fixture.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>

#define MUST(expr)                                                                                 \
    do {                                                                                           \
        if (!(expr))                                                                               \
            fail_msg("%s failed", #expr);                                                          \
    } while (0)

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    MUST(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static void fill(X509 *cert, const struct identity_spec *spec, EVP_PKEY *key)
{
    static long serial = 1;
    X509_NAME *name = X509_get_subject_name(cert);
    X509 *issuer = spec->issuer ? spec->issuer->cert : cert;

    MUST(X509_set_version(cert, X509_VERSION_3));
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++));
    MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)spec->name, -1, -1,
                                    0));
    MUST(X509_set_issuer_name(cert, X509_get_subject_name(issuer)));
    MUST(ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), spec->not_before));
    MUST(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), spec->not_after));
    MUST(X509_set_pubkey(cert, key));
    add_extension(cert, issuer, NID_basic_constraints,
                  spec->issuer && !spec->is_ca ? "CA:FALSE" : "CA:TRUE");
    if (spec->san)
        add_extension(cert, issuer, NID_subject_alt_name, spec->san);
}

struct identity identity_make(const struct identity_spec *spec)
{
    struct identity id = {X509_new(), EVP_EC_gen("P-256")};

    MUST(id.cert && id.key);
    fill(id.cert, spec, id.key);
    MUST(X509_sign(id.cert, spec->issuer ? spec->issuer->key : id.key, EVP_sha256()));
    return id;
}

void identity_release(struct identity *id)
{
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
}

static void *far_end_main(void *arg)
{
    struct far_end *f = arg;
    f->run(f->fd, f->arg);
    return NULL;
}

int far_end_start(struct far_end *f, void (*run)(int fd, void *arg), void *arg)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    *f = (struct far_end){.fd = ends[1], .run = run, .arg = arg};
    MUST(pthread_create(&f->thread, NULL, far_end_main, f) == 0);
    return ends[0];
}

void far_end_join(struct far_end *f)
{
    pthread_join(f->thread, NULL);
}

static int give_verdict(X509_STORE_CTX *store, void *arg)
{
    const struct strict_server *s = arg;

    X509_STORE_CTX_set_error(store, s->verdict);
    return s->verdict == X509_V_OK;
}

static SSL *make_ssl(const struct strict_server *s, const struct identity *id)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_cert_and_key(ctx, id->cert, id->key, NULL, 1);
    SSL_CTX_set_max_proto_version(ctx, s->max_version);
    if (id == s->identity && !s->inner) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, give_verdict, (void *)(uintptr_t)s);
    }
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    return ssl;
}

static void echo(SSL *ssl)
{
    char data[512];
    int n;

    while ((n = SSL_read(ssl, data, sizeof(data))) > 0)
        SSL_write(ssl, data, n);
    SSL_shutdown(ssl);
}

static void serve_inside(const struct strict_server *s, SSL *outer)
{
    SSL *ssl = make_ssl(s, s->inner);
    BIO *bio = BIO_new(BIO_f_ssl());

    BIO_set_ssl(bio, outer, BIO_NOCLOSE);
    SSL_set_bio(ssl, bio, bio);
    if (SSL_accept(ssl) == 1)
        echo(ssl);
    SSL_free(ssl);
}

void strict_server_run(int fd, void *arg)
{
    const struct strict_server *s = arg;
    SSL *ssl = make_ssl(s, s->identity);

    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        if (s->inner)
            serve_inside(s, ssl);
        else
            SSL_write(ssl, "ok", 2);
    }
    SSL_free(ssl);
    close(fd);
}
