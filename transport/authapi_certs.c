/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/method.h"
#include "proto/msg_certs.h"
#include "transport/authapi.h"

#include <stdio.h>

/* From this version a request has one key for each certificate; before, one for both. */
#define TWO_KEYS_SINCE 17

static RESULT fill_in_keys(const struct key *key, const char *server_version, struct buf *ssh,
                           struct buf *tls, struct msg_user_certs_request *m)
{
    unsigned major = 0;
    TRY(version_major(server_version, &major));
    TRY(key_public_ssh(key, ssh));
    if (major < TWO_KEYS_SINCE) {
        m->public_key = buf_str(ssh);
        return NULL;
    }
    TRY(key_public_pem(key, tls));
    m->ssh_public_key = buf_str(ssh);
    m->tls_public_key = buf_str(tls);
    return NULL;
}

static RESULT encode(const struct authapi_certs *r, const char *server_version, struct buf *out)
{
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf tls = BUF_INIT(MSG_MAX);
    struct msg_user_certs_request m = {
        .username = r->username,
        .expires = r->expires,
        .route_to_cluster = r->route_to_cluster,
        .use_role_requests = r->roles != NULL,
    };
    if (r->roles)
        m.role_requests = *r->roles;
    TRY(fill_in_keys(r->key, server_version, &ssh, &tls, &m));
    return msg_user_certs_request_encode(&m, out);
}

/* The server has answered: whatever is wrong now is wrong with the answer. */
static RESULT decode(struct bytes reply, struct key *key, struct credentials **ret)
{
    CLEANUP(msg_certs_release) struct msg_certs m = {0};
    TRY(msg_certs_decode(reply, &m));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = bytes_of_str(m.tls),
        .ssh_cert = bytes_of_str(m.ssh),
        .tls_cas = &m.tls_cas,
        .ssh_cas = &m.ssh_cas,
    };
    struct err *e = credentials_new(&parts, ret);
    if (!e || err_code(e) == ERR_NOMEM)
        return e;
    return err_wrap_as(ERR_PROTOCOL, e, "the certificates the server sent");
}

RESULT authapi_issue(const struct authapi *api, const struct authapi_certs *request,
                     const struct ctx *ctx, struct credentials **ret)
{
    char version[VERSION_SIZE];
    channel_version(api->channel, version);
    if (!*version) {
        CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
        TRY(authapi_ping(api, ctx, &ping));
        snprintf(version, sizeof(version), "%s", ping.server_version);
    }
    CLEANUP(buf_release) struct buf body = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(encode(request, version, &body));
    struct channel_call call = {
        .method = METHOD_GENERATE_USER_CERTS,
        .request = buf_bytes(&body),
        .is_idempotent = true, /* outputs do not count generations */
        .session = api->session,
    };
    TRY(channel_unary(api->channel, &call, ctx, &reply, NULL));
    return decode(buf_bytes(&reply), request->key, ret);
}

static RESULT open_and_ping(struct channel *ch, struct credentials *creds, bool fresh,
                            const struct ctx *ctx, struct channel_session **session,
                            struct msg_ping_reply *ping)
{
    TRY(channel_session_open(ch, creds, fresh, ctx, session));
    struct authapi api = {.channel = ch, .session = *session};
    return authapi_ping(&api, ctx, ping);
}

RESULT authapi_session_open(struct channel *ch, struct credentials *creds, const struct ctx *ctx,
                            struct channel_session **ret, struct msg_ping_reply *ret_ping)
{
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    struct err *e = open_and_ping(ch, creds, false, ctx, &s, ret_ping);
    if (err_code(e) == ERR_UNAVAILABLE && s && channel_session_is_reused(s)) {
        err_ignore(e, "the connection had ended unnoticed: once more on a new one");
        channel_session_free(TAKE(s));
        e = open_and_ping(ch, creds, true, ctx, &s, ret_ping);
    }
    TRY(e);
    *ret = TAKE(s);
    return NULL;
}

RESULT authapi_renew(struct channel *ch, struct channel_session *session,
                     const struct msg_ping_reply *ping, const struct authapi_certs *request,
                     const struct ctx *ctx, bool *ret_written, struct credentials **ret)
{
    CLEANUP(buf_release) struct buf body = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    *ret_written = false;
    if (request->roles || request->route_to_cluster)
        return err_new(ERR_BUG, "a renewal that asks for other roles or another cluster");
    TRY(encode(request, ping->server_version, &body));
    struct channel_call call = {
        .method = METHOD_GENERATE_USER_CERTS,
        .request = buf_bytes(&body),
        .session = session,
    };
    TRY(channel_unary(ch, &call, ctx, &reply, ret_written));
    return decode(buf_bytes(&reply), request->key, ret);
}
