/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms of joining in which one request carries everything. */
#include "proto/method.h"
#include "proto/msg_register.h"
#include "transport/join_private.h"
#include "transport/webapi.h"

#define KEY_TEXT_MAX 8192

/* A request and the texts it points to. */
struct form {
    struct key *key;
    struct buf tls;
    struct buf ssh;
    struct msg_register_request request;
};

static void form_release(struct form *f)
{
    key_free(f->key);
    buf_release(&f->tls);
    buf_release(&f->ssh);
}

static RESULT fill_in(struct join_attempt *a, struct form *f)
{
    *f = (struct form){.tls = BUF_INIT(KEY_TEXT_MAX), .ssh = BUF_INIT(KEY_TEXT_MAX)};
    TRY(join_make_key(a, a->report.suite, &f->key));
    TRY(key_public_pem(f->key, &f->tls));
    TRY(key_public_ssh(f->key, &f->ssh));
    f->request = (struct msg_register_request){
        .role = "Bot",
        .token = secret_str(a->config->token),
        .id_token = a->config->id_token ? secret_str(a->config->id_token) : NULL,
        .public_tls_key = buf_str(&f->tls),
        .public_ssh_key = buf_str(&f->ssh),
        .expires = a->config->expires,
    };
    return NULL;
}

RESULT join_by_register(struct join_attempt *a, struct channel *ch)
{
    CLEANUP(form_release) struct form f = {0};
    TRY(fill_in(a, &f));
    CLEANUP(secret_freep) struct secret *body = NULL;
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(msg_register_request_encode(&f.request, &body));
    struct channel_call call = {
        .method = METHOD_REGISTER_USING_TOKEN,
        .request = secret_bytes(body),
    };
    bool written = false;
    struct ctx patient;
    TRY(join_request_ctx(a, &patient));
    struct err *e = channel_unary(ch, &call, &patient, &reply, &written);
    if (written)
        join_note_sent(a);
    (void)join_is_unknown_call(a, e);
    TRY(e);
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    TRY(msg_certs_decode(buf_bytes(&reply), &certs));
    return join_finish(a, f.key, &certs);
}

RESULT join_by_http(struct join_attempt *a, struct tls *tls, enum route at)
{
    CLEANUP(tls_freep) struct tls *owned = tls;
    CLEANUP(form_release) struct form f = {0};
    char host[ADDRESS_TEXT_SIZE];
    TRY(fill_in(a, &f));
    struct ctx patient;
    TRY(join_request_ctx(a, &patient));
    struct http_stream stream = http_tls_stream(owned);
    struct webapi api = {
        .stream = &stream,
        .host =
            at == ROUTE_DIRECT ? ADDRESS_ANY_CLUSTER : address_format(&a->config->address, host),
        .ctx = &patient,
    };
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    join_note_sent(a);
    struct err *e =
        webapi_register(&api, at == ROUTE_DIRECT ? WEBAPI_AUTH : WEBAPI_PROXY, &f.request, &certs);
    if (err_code(e) == ERR_NOT_FOUND) /* the path: an unknown token is denied */
        e = err_wrap_as(ERR_UNIMPLEMENTED, e, "the server has no such call");
    (void)join_is_unknown_call(a, e);
    TRY(e);
    return join_finish(a, f.key, &certs);
}
