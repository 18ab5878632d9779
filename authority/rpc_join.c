/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "authority/joining.h"
#include "authority/pubkey.h"
#include "authority/x509sign.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/x509.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"

#include <string.h>

RESULT rpc_register_using_token(struct rpc_call *c, struct bytes request, struct buf *out,
                                bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_register_request_release) struct msg_register_request wanted = {0};
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    TRY(msg_register_request_decode(request, &wanted));
    const struct joining joining = {.token = wanted.token,
                                    .id_token = wanted.id_token,
                                    .role = wanted.role,
                                    .ssh_key = bytes_of_str(wanted.public_ssh_key),
                                    .tls_key = bytes_of_str(wanted.public_tls_key),
                                    .expires = wanted.expires};
    TRY(joining_with_text_keys(c->authority, &joining, &made));
    return certs_encode(&made, out);
}

/* The first message of the stream: which token. */
static RESULT begin(struct rpc_call *c, const struct msg_join_request *wanted, struct buf *out)
{
    if (wanted->kind != MSG_JOIN_CLIENT_INIT)
        return err_new(ERR_REJECTED, "a join begins with the client's init");
    const char *method = authority_method(c->authority, wanted->token_name);
    if (*wanted->join_method && strcmp(wanted->join_method, "token") != 0 &&
        strcmp(wanted->join_method, "kubernetes") != 0)
        return err_new(ERR_UNIMPLEMENTED, "join method \"%s\" is not implemented",
                       wanted->join_method);
    if (strcmp(wanted->system_role, "Bot") != 0)
        return err_new(ERR_REJECTED, "only bots can join, not \"%s\"", wanted->system_role);
    TRY(authority_check_token(c->authority, wanted->token_name));
    TRY(secret_new(wanted->token_name, strlen(wanted->token_name), &c->token));
    const struct msg_join_response reply = {.kind = MSG_JOIN_SERVER_INIT,
                                            .join_method = method,
                                            .suite = suite_name(authority_suite(c->authority))};
    return msg_join_response_encode(&reply, out);
}

/* A list of blobs that owns them. */
struct blobs {
    struct buf store[2 * CA_KIND_COUNT];
    struct bytes views[2 * CA_KIND_COUNT];
    size_t len;
};

static void blobs_release(struct blobs *b)
{
    for (size_t i = 0; i < b->len; i++)
        buf_release(&b->store[i]);
}

static struct buf *blobs_next(struct blobs *b)
{
    struct buf *next = &b->store[b->len++];
    *next = BUF_INIT(X509_PEM_MAX);
    return next;
}

static struct msg_blobs blobs_list(struct blobs *b)
{
    for (size_t i = 0; i < b->len; i++)
        b->views[i] = buf_bytes(&b->store[i]);
    return (struct msg_blobs){b->views, b->len};
}

static RESULT pem_to_der(const char *pem, struct buf *out)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    TRY(x509_from_pem(bytes_of_str(pem), &cert));
    return x509sign_to_der(cert, out);
}

static RESULT certs_to_blobs(const struct certs *made, struct blobs *tls, struct blobs *ssh)
{
    for (size_t i = 0; i < made->tls_cas.len; i++)
        TRY(pem_to_der(made->tls_cas.items[i], blobs_next(tls)));
    for (size_t i = 0; i < made->ssh_cas.len; i++)
        TRY(pubkey_blob_of_line(bytes_of_str(made->ssh_cas.items[i]), blobs_next(ssh)));
    return NULL;
}

/* This join speaks DER and SSH's wire form throughout, where the older ones have text. */
static RESULT encode_result(const struct certs *made, struct buf *out)
{
    CLEANUP(blobs_release) struct blobs tls_cas = {.len = 0};
    CLEANUP(blobs_release) struct blobs ssh_cas = {.len = 0};
    CLEANUP(buf_release) struct buf tls = BUF_INIT(X509_PEM_MAX);
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(SSHWIRE_LINE_MAX);
    struct bytes type;
    TRY(certs_to_blobs(made, &tls_cas, &ssh_cas));
    TRY(pem_to_der(buf_str(&made->tls), &tls));
    TRY(sshwire_parse_line(buf_bytes(&made->ssh), &ssh, &type));
    const struct msg_join_response reply = {.kind = MSG_JOIN_RESULT,
                                            .tls_cert = buf_bytes(&tls),
                                            .ssh_cert = buf_bytes(&ssh),
                                            .tls_cas = blobs_list(&tls_cas),
                                            .ssh_keys = blobs_list(&ssh_cas)};
    return msg_join_response_encode(&reply, out);
}

/* The second message: the keys. */
static RESULT finish(struct rpc_call *c, const struct msg_join_request *wanted, struct buf *out)
{
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    CLEANUP(evp_pkey_freep) EVP_PKEY *tls_key = NULL;
    if (wanted->kind == MSG_JOIN_GIVING_UP)
        return err_new(ERR_CANCELLED, "the client gave up joining: %s", wanted->text);
    if (wanted->kind != MSG_JOIN_TOKEN_INIT && wanted->kind != MSG_JOIN_OIDC_INIT)
        return err_new(ERR_REJECTED, "the keys for a join with a token were expected");
    TRY(pubkey_of_der(wanted->public_tls_key, &tls_key));
    const struct authority_join join = {.token = secret_str(c->token),
                                        .id_token = wanted->id_token,
                                        .role = "Bot",
                                        .ssh_key = wanted->public_ssh_key,
                                        .tls_key = tls_key,
                                        .expires = wanted->expires};
    TRY(authority_join(c->authority, &join, &made));
    return encode_result(&made, out);
}

RESULT rpc_join(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    CLEANUP(msg_join_request_release)
    struct msg_join_request wanted = {.kind = MSG_JOIN_REQUEST_UNKNOWN};
    TRY(msg_join_request_decode(request, &wanted));
    *ret_done = c->step > 0;
    return c->step ? finish(c, &wanted, out) : begin(c, &wanted, out);
}
