/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_world.h"

#include "base/relay.h"

#include <dirent.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define QUIET_LOOKS 30

static unsigned n_steps;

enum relay_end __real_relay_step(struct relay *r, struct relay_wants *ret, struct err **ret_err);
enum relay_end __wrap_relay_step(struct relay *r, struct relay_wants *ret, struct err **ret_err);
enum relay_end __wrap_relay_step(struct relay *r, struct relay_wants *ret, struct err **ret_err)
{
    n_steps++;
    return __real_relay_step(r, ret, ret_err);
}

static bool narrows;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    const int little = 4096;
    int accepted = __real_accept4(fd, address, len, flags);
    if (narrows && accepted >= 0)
        setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    return accepted;
}

static bool pours;
static unsigned n_poured;

ssize_t __real_recv(int fd, void *out, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *out, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *out, size_t len, int flags)
{
    if (!pours || flags != MSG_DONTWAIT)
        return __real_recv(fd, out, len, flags);
    assert_true(++n_poured < 1000); /* or whoever reads would never end */
    memset(out, 'x', len);
    return (ssize_t)len;
}

void tls_world_pour(bool is_pouring)
{
    pours = is_pouring;
    n_poured = 0;
}

void tls_world_narrow(bool is_narrow)
{
    narrows = is_narrow;
}

unsigned tls_world_steps(void)
{
    return n_steps;
}

struct tls_client tls_client_open(struct server_world *w)
{
    const int on = 1;
    struct tls_client c = {.fd = world_connect(w, 0)};
    /* As clients do: a request waits for no acknowledgement of the handshake's last words. */
    assert_int_equal(setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    return c;
}

static void wait_a_little(struct server_world *w, const struct tls_client *c)
{
    assert_ok(loop_turn(w->loop));
    poll(&(struct pollfd){.fd = c->fd, .events = POLLIN}, 1, 1);
}

static void make_ssl(struct tls_client *c, const struct identity *id)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (id)
        assert_int_equal(SSL_CTX_use_cert_and_key(ctx, id->cert, id->key, NULL, 1), 1);
    c->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_connect_state(c->ssl);
}

static void send_hello(struct server_world *w, struct tls_client *c, size_t n)
{
    assert_int_equal(send(c->fd, c->hello + c->hello_sent, n, MSG_NOSIGNAL), n);
    c->hello_sent += n;
    world_settle(w);
}

void tls_client_begin(struct server_world *w, struct tls_client *c, size_t n)
{
    BIO *out = BIO_new(BIO_s_mem());
    make_ssl(c, NULL);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), out);
    assert_int_equal(SSL_get_error(c->ssl, SSL_do_handshake(c->ssl)), SSL_ERROR_WANT_READ);
    c->hello_len = (size_t)BIO_read(out, c->hello, sizeof(c->hello));
    send_hello(w, c, n);
}

bool tls_client_shake(struct server_world *w, struct tls_client *c, const struct identity *id)
{
    if (c->ssl)
        send_hello(w, c, c->hello_len - c->hello_sent);
    else
        make_ssl(c, id);
    SSL_set_fd(c->ssl, c->fd);
    for (int quiet = 0; quiet < QUIET_LOOKS; quiet++) {
        ERR_clear_error(); /* the server shares the thread's queue */
        int rc = SSL_do_handshake(c->ssl);
        if (rc == 1)
            return true;
        if (SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ)
            return false;
        wait_a_little(w, c);
    }
    return false;
}

void tls_client_send(struct server_world *w, struct tls_client *c, const char *text)
{
    (void)!SSL_write(c->ssl, text, (int)strlen(text)); /* the server may have hung up */
    world_settle(w);
}

bool tls_client_read(struct server_world *w, struct tls_client *c, char reply[REPLY_SIZE])
{
    size_t len = 0;
    reply[0] = '\0';
    for (int quiet = 0; quiet < QUIET_LOOKS;) {
        assert_ok(loop_turn(w->loop));
        ERR_clear_error();
        int n = SSL_read(c->ssl, reply + len, (int)(REPLY_SIZE - 1 - len));
        if (n <= 0 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ) {
            c->is_orderly = SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN;
            return true;
        }
        if (n > 0) {
            len = len + (size_t)n < REPLY_SIZE - 1 ? len + (size_t)n : 0;
            reply[len] = '\0';
            quiet = 0;
            continue;
        }
        quiet++;
        wait_a_little(w, c);
    }
    return false;
}

void tls_client_close(struct tls_client *c)
{
    SSL_free(c->ssl);
    closep(&c->fd);
    *c = (struct tls_client){.fd = -1};
}

const char *tls_client_ask(struct server_world *w, const struct identity *id, const char *request)
{
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    reply[0] = '\0';
    if (tls_client_shake(w, &c, id)) {
        tls_client_send(w, &c, request);
        tls_client_read(w, &c, reply);
    }
    tls_client_close(&c);
    world_settle(w);
    return reply;
}

const char *tls_client_sees(struct server_world *w)
{
    static char name[64];
    struct tls_client c = tls_client_open(w);
    name[0] = '\0';
    if (tls_client_shake(w, &c, NULL))
        X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(c.ssl)),
                                  NID_commonName, name, sizeof(name));
    tls_client_close(&c);
    world_settle(w);
    return name;
}

struct identity tls_world_make(const char *name, const char *san, const struct identity *issuer)
{
    return identity_make(
        &(struct identity_spec){name, san, issuer, "20250101000000Z", "20260201000000Z", false});
}

static void put(struct server_world *w, const char *file, BIO *pem)
{
    char *text = NULL;
    long len = BIO_get_mem_data(pem, &text);
    temp_dir_put(&w->dir, file, (struct bytes){(const uint8_t *)text, (size_t)len});
    BIO_free(pem);
}

void tls_world_put_cert(struct server_world *w, const char *file, const struct identity *id)
{
    BIO *pem = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(pem, id->cert), 1);
    put(w, file, pem);
}

void tls_world_put_key(struct server_world *w, const char *file, const struct identity *id)
{
    BIO *pem = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(pem, id->key, NULL, NULL, 0, NULL, NULL), 1);
    put(w, file, pem);
}

unsigned tls_world_count(struct server_world *w, const char *result)
{
    char line[128];
    snprintf(line, sizeof(line), "tbot_diag_tls_handshakes_total{result=\"%s\"} ", result);
    const char *found = strstr(world_get(w, 1, "/metrics"), line);
    return found ? (unsigned)strtoul(found + strlen(line), NULL, 10) : 0;
}

size_t tls_world_descriptors(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}
