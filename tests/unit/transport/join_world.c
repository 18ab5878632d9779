/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/join_world.h"

#include "base/encode.h"
#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "identity/pki/sshwire.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"
#include "tests/support/pki_fixture.h"

#include <stdio.h>

#define STATUS_DENIED 7
#define STATUS_UNIMPLEMENTED 12
#define PATIENCE dur_s(20)
#define TEXT_MAX 65536

/* --- the certificates it gives --- */

struct issued {
    char *tls, *ssh, *tls_ca, *ssh_ca;
};

static void issued_release(struct issued *i)
{
    free(i->tls);
    free(i->ssh);
    free(i->tls_ca);
    free(i->ssh_ca);
}

static struct issued issue(const struct join_world *w)
{
    struct fixture f = {
        .key = w->is_keyed_wrong ? w->other_key : w->key,
        .generation = w->is_not_renewable ? 0 : 1,
    };
    return (struct issued){
        .tls = w->is_garbage ? strdup("certainly not") : fixture_tls_pem(&f),
        .ssh = fixture_ssh_line(&f),
        .tls_ca = fixture_ca_pem(),
        .ssh_ca = fixture_ssh_ca_line(),
    };
}

static void put_certs(const struct join_world *w, struct buf *out)
{
    CLEANUP(issued_release) struct issued i = issue(w);
    const struct msg_certs m = {
        .tls = i.tls,
        .ssh = i.ssh,
        .tls_cas = {.items = &i.tls_ca, .len = 1},
        .ssh_cas = {.items = &i.ssh_ca, .len = 1},
    };
    err_free(msg_certs_encode(&m, out));
}

static void put_der(const struct join_world *w, const char *pem, struct buf *out)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    unsigned char *der = NULL;
    if (w->is_garbage || x509_from_pem(bytes_of_str(pem), &cert)) {
        err_free(buf_add_str(out, "certainly not"));
        return;
    }
    int len = i2d_X509(cert, &der);
    err_free(buf_add(out, der, (size_t)len));
    OPENSSL_free(der);
}

static void put_result(const struct join_world *w, struct buf *out)
{
    CLEANUP(issued_release) struct issued i = issue(w);
    CLEANUP(buf_release) struct buf tls = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf tls_ca = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh_ca = BUF_INIT(TEXT_MAX);
    struct bytes type;
    put_der(w, i.tls, &tls);
    put_der(w, i.tls_ca, &tls_ca);
    err_free(sshwire_parse_line(bytes_of_str(i.ssh), &ssh, &type));
    err_free(sshwire_parse_line(bytes_of_str(i.ssh_ca), &ssh_ca, &type));
    struct bytes tls_item = buf_bytes(&tls_ca), ssh_item = buf_bytes(&ssh_ca);
    const struct msg_join_response m = {
        .kind = MSG_JOIN_RESULT,
        .tls_cert = buf_bytes(&tls),
        .ssh_cert = buf_bytes(&ssh),
        .tls_cas = {&tls_item, 1},
        .ssh_keys = {&ssh_item, 1},
    };
    err_free(msg_join_response_encode(&m, out));
}

static void put_base64(struct buf *out, const char *before, const char *text, const char *after)
{
    err_free(buf_add_str(out, before));
    err_free(base64_encode(bytes_of_str(text), out));
    err_free(buf_add_str(out, after));
}

static void put_json(const struct join_world *w, struct buf *out)
{
    CLEANUP(issued_release) struct issued i = issue(w);
    put_base64(out, "{\"ssh\":\"", i.ssh, "\",");
    put_base64(out, "\"tls\":\"", i.tls, "\",");
    put_base64(out, "\"tls_ca_certs\":[\"", i.tls_ca, "\"],");
    put_base64(out, "\"ssh_ca_certs\":[\"", i.ssh_ca, "\"]}");
}

/* --- gRPC --- */

static void refuse(struct fake_answer *answer, int status, const char *text)
{
    answer->then = FAKE_FINISH;
    answer->status = status;
    answer->text = text;
}

/* True when the call is to go on. */
static bool meet_fate(struct join_world *w, enum join_fate fate, struct fake_answer *answer)
{
    switch (fate) {
    case JOIN_UNKNOWN:
        refuse(answer, STATUS_UNIMPLEMENTED, "unknown method");
        return false;
    case JOIN_DENIED:
        refuse(answer, STATUS_DENIED, "the token has expired or was not found");
        return false;
    case JOIN_LOST:
    case JOIN_LOST_SOON:
        answer->then = FAKE_HOLD;
        fake_cluster_drop(w->fc);
        return false;
    case JOIN_HANGS:
        answer->then = FAKE_HOLD;
        if (w->fire)
            cancel_fire(w->fire);
        return false;
    case JOIN_ENDS:
    case JOIN_WORKS:
        return true;
    }
    return true;
}

/* Handlers must not assert: what they do not like is counted. */
static void expect(struct join_world *w, bool is_right)
{
    if (!is_right)
        atomic_fetch_add(&w->n_wrong, 1);
}

static void handle_ping(struct join_world *w, struct fake_answer *answer)
{
    const struct msg_ping_reply m = {
        .cluster_name = w->cluster,
        .server_version = w->version,
        .suite_number = suite_parse(w->suite),
    };
    if (w->ping_status)
        refuse(answer, w->ping_status, "not for you");
    else
        err_free(msg_ping_reply_encode(&m, &answer->reply));
}

static void handle_cluster_ca(struct join_world *w, struct fake_answer *answer)
{
    CLEANUP(freep) char *first = host_ca_pem(&w->ca);
    CLEANUP(freep) char *second = host_ca_pem(&w->foreign);
    CLEANUP(buf_release) struct buf all = BUF_INIT(TEXT_MAX);
    err_free(buf_printf(&all, "%s%s", first, w->shows_two_cas ? second : ""));
    err_free(
        msg_cluster_ca_encode(&(struct msg_cluster_ca){.tls_ca = buf_str(&all)}, &answer->reply));
}

static void handle_register(struct join_world *w, struct bytes request, struct fake_answer *answer)
{
    CLEANUP(msg_register_request_release) struct msg_register_request m = {0};
    err_free(msg_register_request_decode(request, &m));
    atomic_fetch_add(&w->n_register, 1);
    if (!meet_fate(w, w->registering, answer))
        return;
    expect(w, m.token && strcmp(m.token, JOIN_WORLD_TOKEN) == 0 && strcmp(m.role, "Bot") == 0);
    expect(w, m.expires.ns > clock_wall(clock_system()).ns);
    expect(w, strncmp(m.public_tls_key, "-----BEGIN PUBLIC KEY-----", 26) == 0);
    put_certs(w, &answer->reply);
}

static void handle_hello(struct join_world *w, const struct msg_join_request *m,
                         struct fake_answer *answer)
{
    atomic_fetch_add(&w->n_stream, 1);
    bool is_later = w->stream == JOIN_LOST || w->stream == JOIN_HANGS;
    if (!is_later && !meet_fate(w, w->stream, answer))
        return;
    expect(w, m->kind == MSG_JOIN_CLIENT_INIT);
    expect(w, strcmp(m->token_name, JOIN_WORLD_TOKEN) == 0 && strcmp(m->system_role, "Bot") == 0);
    const struct msg_join_response init = {
        .kind = MSG_JOIN_SERVER_INIT,
        .join_method = w->join_method,
        .suite = w->suite_of_stream ? w->suite_of_stream : w->suite,
    };
    answer->then = w->stream == JOIN_ENDS ? FAKE_FINISH : FAKE_CONTINUE;
    err_free(msg_join_response_encode(&init, &answer->reply));
}

static void handle_keys(struct join_world *w, const struct msg_join_request *m,
                        struct fake_answer *answer)
{
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf tls = BUF_INIT(TEXT_MAX);
    atomic_fetch_add(&w->n_gave_up, m->kind == MSG_JOIN_GIVING_UP);
    bool has_jwt = m->kind == MSG_JOIN_OIDC_INIT;
    atomic_fetch_add(&w->n_stream_keys, m->kind == MSG_JOIN_TOKEN_INIT || has_jwt);
    expect(w, !has_jwt || strcmp(m->id_token, secret_str(w->config.id_token)) == 0);
    if (!meet_fate(w, w->stream, answer))
        return;
    err_free(key_public_ssh_blob(w->key, &ssh));
    err_free(key_public_der(w->key, &tls));
    expect(w, m->kind == MSG_JOIN_GIVING_UP ||
                  (m->public_ssh_key.len == ssh.len && m->public_tls_key.len == tls.len &&
                   memcmp(m->public_ssh_key.data, ssh.data, ssh.len) == 0 &&
                   memcmp(m->public_tls_key.data, tls.data, tls.len) == 0));
    put_result(w, &answer->reply);
}

static void handle_join(struct join_world *w, const struct fake_call *call,
                        struct fake_answer *answer)
{
    /* Servers from version 16 on refuse clients of another version than theirs. */
    expect(w, w->ping_status || strcmp(call->version, w->version) == 0);
    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    err_free(msg_join_request_decode(call->request, &m));
    if (call->message == 0)
        handle_hello(w, &m, answer);
    else
        handle_keys(w, &m, answer);
}

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct join_world *w = arg;
    if (strcmp(call->method, METHOD_PING) == 0)
        handle_ping(w, answer);
    else if (strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0)
        handle_cluster_ca(w, answer);
    else if (strcmp(call->method, METHOD_REGISTER_USING_TOKEN) == 0)
        handle_register(w, call->request, answer);
    else if (strcmp(call->method, METHOD_JOIN) == 0)
        handle_join(w, call, answer);
    else
        refuse(answer, STATUS_UNIMPLEMENTED, "unknown method");
}

/* --- HTTP --- */

static void put_http(struct buf *reply, const char *status, const char *body)
{
    err_free(buf_printf(reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body),
                        body));
}

static void answer_find(struct join_world *w, struct buf *reply)
{
    CLEANUP(buf_release) struct buf body = BUF_INIT(TEXT_MAX);
    err_free(buf_printf(&body,
                        "{\"cluster_name\":\"%s\",\"server_version\":\"%s\","
                        "\"auth\":{\"signature_algorithm_suite\":\"%s\"}}",
                        w->cluster, w->version, w->suite));
    put_http(reply, "200 OK", w->find ? w->find : buf_str(&body));
}

static void answer_join(struct join_world *w, const char *request, struct buf *reply)
{
    CLEANUP(buf_release) struct buf body = BUF_INIT(TEXT_MAX);
    bool is_auth = strncmp(request, "POST /v2/", 9) == 0;
    atomic_fetch_add(&w->n_http, 1);
    atomic_fetch_add(&w->n_http_auth, is_auth);
    expect(w, strstr(request, is_auth ? "Host: teleport.cluster.local\r\n" : "Host: 127.0.0.1:") !=
                  NULL);
    switch (w->http) {
    case JOIN_UNKNOWN:
        put_http(reply, "404 Not Found", "{}");
        return;
    case JOIN_DENIED:
        put_http(reply, "403 Forbidden", "{\"error\":{\"message\":\"the token has expired\"}}");
        return;
    case JOIN_WORKS:
        expect(w, strstr(request, "\"token\":\"" JOIN_WORLD_TOKEN "\"") != NULL);
        expect(w, strstr(request, "\"role\":\"Bot\"") != NULL);
        put_json(w, &body);
        put_http(reply, "200 OK", buf_str(&body));
        return;
    default: /* nothing is said */
        return;
    }
}

static void handle_http(void *arg, const char *request, struct buf *reply)
{
    static const char at_proxy[] = "POST /v1/webapi/host/credentials ";
    static const char at_auth[] = "POST /v2/tokens/register ";
    struct join_world *w = arg;
    if (strncmp(request, "GET /webapi/find ", 17) == 0 && w->config.kind != PATH_AUTH)
        answer_find(w, reply);
    else if (strncmp(request, at_proxy, strlen(at_proxy)) == 0 ||
             strncmp(request, at_auth, strlen(at_auth)) == 0)
        answer_join(w, request, reply);
    else
        put_http(reply, "404 Not Found", "not here");
}

/* --- the bot --- */

static struct err *make_key(void *arg, enum suite suite, struct key **ret)
{
    struct join_world *w = arg;
    w->asked_suite = suite;
    w->n_keys++;
    *ret = key_ref(w->key);
    return NULL;
}

int join_world_set_up(void **state)
{
    struct join_world *w = calloc(1, sizeof(*w));
    w->version = "17.2.0";
    w->cluster = FIXTURE_CLUSTER;
    w->suite = "balanced-v1";
    w->join_method = "token";
    w->clock = clock_system();
    w->key = fixture_key(KEY_ECDSA_P256);
    w->other_key = fixture_key(KEY_ECDSA_P256);
    host_ca_init(&w->ca, FIXTURE_CLUSTER);
    host_ca_init(&w->foreign, FIXTURE_CLUSTER);
    w->dir = temp_dir_make();
    free(fixture_ca_pem()); /* made here: handlers run in other threads */
    assert_ok(secret_new(JOIN_WORLD_TOKEN, strlen(JOIN_WORLD_TOKEN), &w->token));
    w->config = (struct join_config){
        .token = w->token,
        .expires = wall_add(clock_wall(w->clock), dur_s(3600)),
        .ca_pins = &w->pins,
        .make_key = make_key,
        .arg = w,
        .report = &w->report,
    };
    *state = w;
    return 0;
}

int join_world_tear_down(void **state)
{
    struct join_world *w = *state;
    int n_wrong = atomic_load(&w->n_wrong);
    if (w->fc)
        fake_cluster_stop(w->fc);
    credentials_free(w->credentials);
    secret_free(w->token);
    strlist_release(&w->pins);
    key_free(w->key);
    key_free(w->other_key);
    host_ca_release(&w->ca);
    host_ca_release(&w->foreign);
    temp_dir_remove(&w->dir);
    free(w);
    return n_wrong ? -1 : 0;
}

void join_world_begin(struct join_world *w, enum path_kind kind)
{
    w->server.ca = w->server_ca ? w->server_ca : &w->ca;
    w->server.handle = handle;
    w->server.handle_http = handle_http;
    w->server.arg = w;
    w->config.kind = kind;
    w->fc = fake_cluster_start(&w->server);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
}

void join_world_pin(struct join_world *w, const struct host_ca *ca)
{
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(ca->cert, &pin));
    assert_ok(strlist_add(&w->pins, pin_format(&pin, text)));
}

const char *join_world_ca_file(struct join_world *w, const struct host_ca *ca)
{
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    temp_dir_write(&w->dir, "ca.pem", pem);
    return temp_dir_join(&w->dir, "ca.pem");
}

RESULT join_world_join(struct join_world *w)
{
    struct ctx ctx = {.clock = w->clock, .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, PATIENCE);
    return join_by_token(&w->config, &ctx, &w->credentials);
}

int join_world_tokens_seen(struct join_world *w)
{
    return atomic_load(&w->n_stream) + atomic_load(&w->n_register) + atomic_load(&w->n_http);
}
