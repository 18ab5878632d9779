/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_join.h"

#include "base/encode.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"
#include "tests/support/pki_fixture.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (1 << 20)

/* Handlers must not assert: what fails here shows as a refused join. */
static void must(struct err *e)
{
    err_free(e);
}

static struct fixture identity(struct fake_join *j)
{
    return (struct fixture) {.user = "bot-joined", .generation = 1, .key = *j->key};
}

/* --- one token --- */

/* Takes the token; the status says what became of it: -1 if the connection is to break now. */
static int take_token(struct fake_join *j, const char *token, struct fake_answer *answer)
{
    atomic_fetch_add(&j->n_tokens, 1);
    if (j->is_broken)
        return -1;
    if (strcmp(token, j->token) == 0)
        return 0;
    answer->text = "the token is expired or not found";
    return answer->status = 7;
}

/* --- gRPC --- */

static void break_connection(struct fake_join *j, struct fake_answer *answer)
{
    answer->then = FAKE_HOLD;
    fake_cluster_drop(j->fc);
}

static void ping(struct fake_join *j, struct fake_answer *answer)
{
    struct msg_ping_reply m = {
        .cluster_name = j->cluster,
        .server_version = j->version,
        .suite_number = j->suite_number,
    };
    must(msg_ping_reply_encode(&m, &answer->reply));
}

static void cluster_ca(struct fake_join *j, struct fake_answer *answer)
{
    CLEANUP(freep) char *pem = host_ca_pem(j->ca);
    atomic_fetch_add(&j->n_ca, 1);
    must(msg_cluster_ca_encode(&(struct msg_cluster_ca) {.tls_ca = pem}, &answer->reply));
}

static void reply_certs(struct fake_join *j, struct buf *out)
{
    struct fixture f = identity(j);
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca = host_ca_pem(j->ca);
    CLEANUP(freep) char *ssh_ca = fixture_ssh_ca_line();
    struct msg_certs m = {
        .tls = tls,
        .ssh = ssh,
        .tls_cas = {&ca, 1},
        .ssh_cas = {&ssh_ca, 1},
    };
    must(msg_certs_encode(&m, out));
}

static void register_bot(struct fake_join *j, const struct fake_call *call,
                         struct fake_answer *answer)
{
    CLEANUP(msg_register_request_release) struct msg_register_request m = {0};
    atomic_fetch_add(&j->n_registers, 1);
    if (!j->knows_register) {
        answer->status = 12;
        return;
    }
    must(msg_register_request_decode(call->request, &m));
    int status = take_token(j, m.token, answer);
    if (status < 0)
        break_connection(j, answer);
    if (status == 0)
        reply_certs(j, &answer->reply);
}

static void reply_init(struct fake_join *j, struct fake_answer *answer)
{
    struct msg_join_response m = {
        .kind = MSG_JOIN_SERVER_INIT,
        .join_method = j->stream_method ? j->stream_method : "token",
        .suite = j->suite_number == 2 ? "balanced-v1" : "legacy",
    };
    answer->then = FAKE_CONTINUE;
    must(msg_join_response_encode(&m, &answer->reply));
}

static void reply_result(struct fake_join *j, struct fake_answer *answer)
{
    struct fixture f = identity(j);
    CLEANUP(x509_freep) X509 *cert = fixture_cert(&f);
    CLEANUP(freep) char *line = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca_line = fixture_ssh_ca_line();
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh_ca = BUF_INIT(TEXT_MAX);
    CLEANUP(ossl_freep) unsigned char *tls = NULL;
    CLEANUP(ossl_freep) unsigned char *ca = NULL;
    struct bytes type;
    int tls_len = i2d_X509(cert, &tls);
    int ca_len = i2d_X509(j->ca->cert, &ca);
    must(sshwire_parse_line(bytes_of_str(line), &ssh, &type));
    must(sshwire_parse_line(bytes_of_str(ca_line), &ssh_ca, &type));
    struct bytes ca_der = {ca, (size_t)ca_len};
    struct bytes ssh_ca_blob = buf_bytes(&ssh_ca);
    struct msg_join_response m = {
        .kind = MSG_JOIN_RESULT,
        .tls_cert = {tls, (size_t)tls_len},
        .ssh_cert = buf_bytes(&ssh),
        .tls_cas = {&ca_der, 1},
        .ssh_keys = {&ssh_ca_blob, 1},
    };
    must(msg_join_response_encode(&m, &answer->reply));
}

static void join_stream(struct fake_join *j, const struct fake_call *call,
                        struct fake_answer *answer)
{
    static char token[256]; /* of the one stream there is at a time */
    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    if (!j->knows_stream) {
        answer->status = 12;
        return;
    }
    must(msg_join_request_decode(call->request, &m));
    if (m.kind == MSG_JOIN_CLIENT_INIT) {
        atomic_fetch_add(&j->n_streams, 1);
        snprintf(token, sizeof(token), "%s", m.token_name);
        reply_init(j, answer);
    } else if (m.kind == MSG_JOIN_TOKEN_INIT) {
        int status = take_token(j, token, answer);
        if (status < 0)
            break_connection(j, answer);
        if (status == 0)
            reply_result(j, answer);
    }
}

void fake_join_handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct fake_join *j = arg;
    snprintf(j->client_version, sizeof(j->client_version), "%s", call->version);
    if (strcmp(call->method, METHOD_PING) == 0)
        ping(j, answer);
    else if (strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0)
        cluster_ca(j, answer);
    else if (strcmp(call->method, METHOD_REGISTER_USING_TOKEN) == 0)
        register_bot(j, call, answer);
    else if (strcmp(call->method, METHOD_JOIN) == 0)
        join_stream(j, call, answer);
    else
        answer->status = 12;
}

/* --- HTTP --- */

static void add_member(struct buf *json, const char *name, const char *text, const char *format)
{
    CLEANUP(buf_release) struct buf b64 = BUF_INIT(TEXT_MAX);
    must(base64_encode(bytes_of_str(text), &b64));
    must(buf_printf(json, "%s\"%s\":", json->len > 1 ? "," : "", name));
    must(buf_add_str(json, *format == '[' ? "[\"" : "\""));
    must(buf_add_str(json, buf_str(&b64)));
    must(buf_add_str(json, *format == '[' ? "\"]" : "\""));
}

static void certs_json(struct fake_join *j, struct buf *json)
{
    struct fixture f = identity(j);
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca = host_ca_pem(j->ca);
    CLEANUP(freep) char *ssh_ca = fixture_ssh_ca_line();
    must(buf_add_str(json, "{"));
    add_member(json, "ssh", ssh, "");
    add_member(json, "tls", tls, "");
    add_member(json, "tls_ca_certs", ca, "[");
    add_member(json, "ssh_ca_certs", ssh_ca, "[");
    must(buf_add_str(json, "}"));
}

static void find_json(struct fake_join *j, struct buf *json)
{
    atomic_fetch_add(&j->n_finds, 1);
    must(buf_printf(json,
                    "{\"cluster_name\":\"%s\",\"server_version\":\"%s\","
                    "\"auth\":{\"signature_algorithm_suite\":\"%s\"},"
                    "\"proxy\":{\"tls_routing_enabled\":true,\"ssh\":{}}}",
                    j->cluster, j->version, j->suite_number == 2 ? "balanced-v1" : "legacy"));
}

static unsigned http_join(struct fake_join *j, const char *request, struct buf *json)
{
    struct fake_answer answer = {0};
    char quoted[256];
    snprintf(quoted, sizeof(quoted), "\"%s\"", j->token);
    atomic_fetch_add(&j->n_http, 1);
    const char *token = strstr(request, quoted) ? j->token : "another";
    int status = take_token(j, token, &answer);
    if (status < 0)
        return 0;
    if (status == 0) {
        certs_json(j, json);
        return 200;
    }
    must(buf_add_str(json, "{\"error\":{\"message\":\"the token is expired or not found\"}}"));
    return 403;
}

static void note_request(struct fake_join *j, const char *request)
{
    const char *path = strchr(request, ' ');
    snprintf(j->http_path, sizeof(j->http_path), "%.*s", (int)strcspn(path + 1, " "), path + 1);
    const char *host = strcasestr(request, "\r\nhost: ");
    if (host)
        snprintf(j->http_host, sizeof(j->http_host), "%.*s", (int)strcspn(host + 8, "\r"),
                 host + 8);
}

void fake_join_handle_http(void *arg, const char *request, struct buf *reply)
{
    struct fake_join *j = arg;
    CLEANUP(buf_release) struct buf json = BUF_INIT(TEXT_MAX);
    unsigned status = 404;
    note_request(j, request);
    if (strncmp(request, "GET /webapi/find", 16) == 0) {
        find_json(j, &json);
        status = 200;
    } else if (strncmp(request, "POST /v1/webapi/host/credentials", 32) == 0 ||
               strncmp(request, "POST /v2/tokens/register", 24) == 0) {
        status = http_join(j, request, &json);
    }
    if (status == 0)
        return; /* the connection ends without a reply */
    must(buf_printf(reply, "HTTP/1.1 %u X\r\nContent-Type: application/json\r\n", status));
    must(buf_printf(reply, "Content-Length: %zu\r\n\r\n", json.len));
    must(buf_add(reply, json.data, json.len));
}
