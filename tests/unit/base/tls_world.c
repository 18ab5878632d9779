/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/tls_world.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

struct identity tls_world_issue(const char *name, const char *san, const struct identity *issuer)
{
    /* Past its end by any real clock: a test that passes proves whose clock was asked. */
    return identity_make(
        &(struct identity_spec){name, san, issuer, "20250101000000Z", "20260201000000Z"});
}

int tls_world_set_up(void **state)
{
    static struct tls_world world;
    struct tls_world *w = *state = &world;
    w->ca = tls_world_issue("host CA", NULL, NULL);
    w->other_ca = tls_world_issue("other CA", NULL, NULL);
    w->server_id = tls_world_issue("server",
                                   "DNS:" TLS_WORLD_NAME ",IP:10.0.0.1,DNS:" TLS_WORLD_LONG_NAME
                                   ",DNS:*.wild.example",
                                   &w->ca);
    w->client_id = tls_world_issue("bot-test", NULL, &w->ca);
    w->roots = sk_X509_new_null();
    sk_X509_push(w->roots, w->ca.cert);
    return 0;
}

int tls_world_tear_down(void **state)
{
    struct tls_world *w = *state;
    sk_X509_free(w->roots);
    identity_release(&w->ca);
    identity_release(&w->other_ca);
    identity_release(&w->server_id);
    identity_release(&w->client_id);
    return 0;
}

int tls_world_reset(void **state)
{
    struct tls_world *w = *state;
    fake_clock_init(&w->now, "2026-01-02T03:04:05Z");
    w->ctx = (struct ctx){.clock = &w->now.clock, .deadline = MONO_NEVER};
    return 0;
}

struct tls_client_config tls_world_client(const struct tls_world *w)
{
    return (struct tls_client_config){.sni = TLS_WORLD_NAME,
                                      .verify = TLS_VERIFY_ROOTS,
                                      .verify_name = TLS_WORLD_NAME,
                                      .roots = w->roots,
                                      .cert = w->client_id.cert,
                                      .key = w->client_id.key};
}

static void echo_all(const struct ctx *ctx, struct tls *t)
{
    static char data[16384];
    size_t n = 0;

    for (;;) {
        struct err *e = tls_read(t, data, sizeof(data), ctx, &n);
        if (!e && n > 0)
            e = tls_write_all(t, data, n, ctx);
        if (e || n == 0) {
            err_free(e);
            return;
        }
    }
}

static RESULT echo_accept(int fd, struct echo_server *s, struct tls **ret)
{
    const struct tls_server_config config = {.cert = s->identity->cert,
                                             .key = s->identity->key,
                                             .alpn = s->alpn,
                                             .request_client_cert = true,
                                             .client_roots = s->client_roots};
    CLEANUP(tls_server_freep) struct tls_server *server = NULL;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    TRY(tls_server_new(&config, &server));
    return tls_accept(fd, server, s->ctx, ret);
}

void echo_server_run(int fd, void *arg)
{
    struct echo_server *s = arg;
    CLEANUP(tls_freep) struct tls *t = NULL;
    struct err *e = echo_accept(fd, s, &t);

    s->failed = err_code(e);
    err_free(e);
    if (!t)
        return;
    snprintf(s->alpn_seen, sizeof(s->alpn_seen), "%s", tls_alpn(t));
    if (tls_peer_cert(t))
        X509_NAME_get_text_by_NID(X509_get_subject_name(tls_peer_cert(t)), NID_commonName,
                                  s->client, sizeof(s->client));
    if (s->abrupt)
        shutdown(tls_fd(t), SHUT_RDWR); /* what follows fails, quietly */
    else
        echo_all(s->ctx, t);
}

void tls_world_assert_refused(const struct tls_world *w, const struct tls_client_config *config,
                              struct echo_server *server, enum err_code code, const char *part)
{
    struct far_end far;
    struct tls *t = NULL;
    int fd = far_end_start(&far, echo_server_run, server);

    assert_fails(tls_connect(fd, config, &w->ctx, &t), code, part);
    assert_null(t);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* taken over and closed */
    far_end_join(&far);
}

void tls_world_assert_accepted(const struct tls_world *w, const struct tls_client_config *config)
{
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct far_end far;
    CLEANUP(tls_freep) struct tls *t = NULL;

    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), config, &w->ctx, &t));
    tls_free(TAKE(t));
    far_end_join(&far);
    assert_int_equal(server.failed, ERR_OK);
}
