/* SPDX-License-Identifier: Apache-2.0 */
/* The join stream of version 18: see proto/msg_join.h for its messages. */
#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/x509.h"
#include "proto/method.h"
#include "proto/msg_join.h"
#include "transport/grpc_stream.h"
#include "transport/join_private.h"

#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

/* --- the certificates, from binary to the texts everything else uses --- */

static RESULT to_pem(struct bytes der, struct buf *out)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    TRY(x509_from_der(der, &cert));
    return x509_to_pem(cert, out);
}

static RESULT convert_list(const struct msg_blobs *from,
                           RESULT (*convert)(struct bytes, struct buf *), struct strlist *to)
{
    for (size_t i = 0; i < from->len; i++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
        TRY(convert(from->items[i], &text));
        TRY(strlist_add(to, buf_str(&text)));
    }
    return NULL;
}

static RESULT convert_all(const struct msg_join_response *m, struct buf *tls, struct buf *ssh,
                          struct msg_certs *to)
{
    TRY_CTX(to_pem(m->tls_cert, tls), "TLS certificate");
    TRY_CTX(sshwire_format_line(m->ssh_cert, ssh), "SSH certificate");
    TRY_CTX(convert_list(&m->tls_cas, to_pem, &to->tls_cas), "TLS CAs");
    TRY_CTX(convert_list(&m->ssh_keys, sshwire_format_line, &to->ssh_cas), "SSH CAs");
    to->tls = buf_str(tls);
    to->ssh = buf_str(ssh);
    return NULL;
}

static RESULT finish(struct join_attempt *a, struct key *key, const struct msg_join_response *m)
{
    CLEANUP(buf_release) struct buf tls = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(TEXT_MAX);
    struct msg_certs certs = {0};
    struct err *e = convert_all(m, &tls, &ssh, &certs);
    if (e && err_code(e) != ERR_NOMEM)
        e = err_wrap_as(ERR_PROTOCOL, e, "the certificates the server sent");
    if (!e)
        e = join_finish(a, key, &certs);
    strlist_release(&certs.tls_cas);
    strlist_release(&certs.ssh_cas);
    return e;
}

/* --- the conversation --- */

static RESULT receive(struct grpc_stream *s, struct msg_join_response *ret)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT(MSG_MAX);
    bool is_end = false;
    TRY(grpc_stream_receive(s, &in, &is_end));
    if (is_end)
        return err_new(ERR_PROTOCOL, "the server ended the join without a result");
    return msg_join_response_decode(buf_bytes(&in), ret);
}

/* When the server has ended the stream, only receiving tells why. */
static RESULT send(struct grpc_stream *s, const struct msg_join_request *m)
{
    CLEANUP(secret_freep) struct secret *out = NULL;
    TRY(msg_join_request_encode(m, &out));
    struct err *e = grpc_stream_send(s, secret_bytes(out));
    if (err_code(e) != ERR_UNAVAILABLE)
        return e;
    CLEANUP(msg_join_response_release) struct msg_join_response unexpected = {0};
    struct err *why = receive(s, &unexpected);
    if (!why)
        return e;
    err_ignore(e, "the reason is better");
    return why;
}

static RESULT give_up(const struct join_attempt *a, struct grpc_stream *s,
                      enum msg_join_give_up reason, const char *text)
{
    struct msg_join_request m = {.kind = MSG_JOIN_GIVING_UP, .reason = reason, .text = text};
    err_ignore(send(s, &m), "a courtesy: the stream ends in any case");
    struct err *e = err_new(ERR_REJECTED, "%s", text);
    return err_set_hint(e,
                        "The token belongs to another join method than '%s'; use a token made "
                        "for this one.",
                        join_method(a));
}

static RESULT greet(struct join_attempt *a, struct grpc_stream *s, struct msg_join_response *ret)
{
    struct msg_join_request hello = {
        .kind = MSG_JOIN_CLIENT_INIT,
        .join_method = join_method(a),
        .token_name = secret_str(a->config->token),
        .system_role = "Bot",
    };
    a->is_token_sent = true;
    TRY(send(s, &hello));
    CLEANUP(msg_join_response_release) struct msg_join_response m = {0};
    TRY(receive(s, &m));
    if (m.kind != MSG_JOIN_SERVER_INIT)
        return give_up(a, s, MSG_JOIN_GIVE_UP_MESSAGE,
                       "the server began the join with another message");
    if (strcmp(m.join_method, join_method(a)) != 0)
        return give_up(a, s, MSG_JOIN_GIVE_UP_METHOD, "the server wants another join method");
    *ret = m;
    m.memory = NULL;
    return NULL;
}

static RESULT present_key(struct join_attempt *a, struct grpc_stream *s, const struct key *key)
{
    CLEANUP(buf_release) struct buf tls = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(TEXT_MAX);
    TRY(key_public_der(key, &tls));
    TRY(key_public_ssh_blob(key, &ssh));
    struct msg_join_request m = {
        .kind = a->config->id_token ? MSG_JOIN_OIDC_INIT : MSG_JOIN_TOKEN_INIT,
        .id_token = a->config->id_token ? secret_str(a->config->id_token) : NULL,
        .public_tls_key = buf_bytes(&tls),
        .public_ssh_key = buf_bytes(&ssh),
        .expires = a->config->expires,
    };
    /* Not before: a token is used up by giving certificates, and those are for keys. */
    join_note_sent(a);
    return send(s, &m);
}

static RESULT converse(struct join_attempt *a, struct grpc_stream *s)
{
    CLEANUP(msg_join_response_release) struct msg_join_response init = {0};
    CLEANUP(msg_join_response_release) struct msg_join_response result = {0};
    CLEANUP(key_freep) struct key *key = NULL;
    TRY(greet(a, s, &init));
    TRY(join_make_key(a, suite_parse(init.suite), &key));
    TRY(present_key(a, s, key));
    TRY(receive(s, &result));
    if (result.kind != MSG_JOIN_RESULT)
        return err_new(ERR_PROTOCOL, "the server ended the join with another message");
    return finish(a, key, &result);
}

RESULT join_by_stream(struct join_attempt *a, struct channel *ch)
{
    CLEANUP(channel_session_freep) struct channel_session *session = NULL;
    CLEANUP(grpc_stream_freep) struct grpc_stream *s = NULL;
    char version[VERSION_SIZE];
    channel_version(ch, version);
    TRY(channel_session_open(ch, NULL, false, &a->ctx, &session));
    struct conn *conn = channel_session_conn(session);
    struct ctx patient;
    TRY(join_request_ctx(a, &patient));
    TRY(grpc_stream_open(conn_link(conn), METHOD_JOIN, version, &patient, &s));
    struct err *e = converse(a, s);
    (void)join_is_unknown_call(a, e);
    return e ? err_wrap(conn_explain(conn, e), "call %s", METHOD_JOIN) : NULL;
}
