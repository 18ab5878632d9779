/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_join.h"

#include "proto/codec.h"

#include <join.pb-c.h>

typedef Teleport__Join__V1__JoinRequest JoinRequest;
typedef Teleport__Join__V1__JoinResponse JoinResponse;
typedef Teleport__Join__V1__ClientInit ClientInit;
typedef Teleport__Join__V1__TokenInit TokenInit;
typedef Teleport__Join__V1__OIDCInit OidcInit;
typedef Teleport__Join__V1__ClientParams ClientParams;
typedef Teleport__Join__V1__BotParams BotParams;
typedef Teleport__Join__V1__PublicKeys PublicKeys;
typedef Teleport__Join__V1__Certificates Certificates;

/* --- requests --- */

static void decode_client_init(struct codec *c, const ClientInit *p, struct msg_join_request *m)
{
    m->kind = MSG_JOIN_CLIENT_INIT;
    if (p->join_method_presence_case ==
        TELEPORT__JOIN__V1__CLIENT_INIT__JOIN_METHOD_PRESENCE_JOIN_METHOD)
        m->join_method = codec_text(c, p->join_method, "join method");
    m->token_name = codec_text(c, p->token_name, "token");
    m->system_role = codec_text(c, p->system_role, "role");
}

static void decode_client_params(struct codec *c, const ClientParams *params,
                                 struct msg_join_request *m)
{
    if (!params || params->payload_case != TELEPORT__JOIN__V1__CLIENT_PARAMS__PAYLOAD_BOT_PARAMS)
        return;
    const BotParams *bot = params->bot_params;
    m->expires = codec_time(c, bot->expires, "expiry");
    if (!bot->public_keys)
        return;
    m->public_tls_key = codec_bytes(bot->public_keys->public_tls_key);
    m->public_ssh_key = codec_bytes(bot->public_keys->public_ssh_key);
}

static void decode_token_init(struct codec *c, const TokenInit *p, struct msg_join_request *m)
{
    m->kind = MSG_JOIN_TOKEN_INIT;
    m->secret = codec_text(c, p->secret, "secret");
    decode_client_params(c, p->client_params, m);
}

static void decode_oidc_init(struct codec *c, const OidcInit *p, struct msg_join_request *m)
{
    m->kind = MSG_JOIN_OIDC_INIT;
    m->id_token = codec_text(c, p->id_token, "identity token");
    decode_client_params(c, p->client_params, m);
}

RESULT msg_join_request_decode(struct bytes in, struct msg_join_request *ret)
{
    struct codec c;
    const JoinRequest *p = NULL;
    TRY(codec_open(&c, "join request", in, &teleport__join__v1__join_request__descriptor, &p));
    struct msg_join_request m = {
        .join_method = "",
        .token_name = "",
        .system_role = "",
        .secret = "",
        .id_token = "",
        .text = "",
    };
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_CLIENT_INIT)
        decode_client_init(&c, p->client_init, &m);
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_TOKEN_INIT)
        decode_token_init(&c, p->token_init, &m);
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_OIDC_INIT)
        decode_oidc_init(&c, p->oidc_init, &m);
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_GIVING_UP) {
        m.kind = MSG_JOIN_GIVING_UP;
        m.reason = (enum msg_join_give_up)p->giving_up->reason;
        m.text = codec_text(&c, p->giving_up->msg, "reason");
    }
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

static RESULT encode_client_init(const struct msg_join_request *m, struct secret **ret)
{
    struct codec c = {.what = "join request"};
    ClientInit init = TELEPORT__JOIN__V1__CLIENT_INIT__INIT;
    if (m->join_method && *m->join_method) {
        init.join_method_presence_case =
            TELEPORT__JOIN__V1__CLIENT_INIT__JOIN_METHOD_PRESENCE_JOIN_METHOD;
        init.join_method = codec_of_text(m->join_method);
    }
    init.token_name = codec_of_text(m->token_name);
    init.system_role = codec_of_text(m->system_role);
    JoinRequest p = TELEPORT__JOIN__V1__JOIN_REQUEST__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_CLIENT_INIT;
    p.client_init = &init;
    return codec_pack_secret(&c, &p.base, ret);
}

/* What both kinds of init carry, in one place: it points into itself. */
struct params {
    Timestamp expires;
    PublicKeys keys;
    BotParams bot;
    ClientParams client;
};

static ClientParams *fill_in_params(const struct msg_join_request *m, struct params *p)
{
    p->keys = (PublicKeys)TELEPORT__JOIN__V1__PUBLIC_KEYS__INIT;
    p->keys.public_tls_key = codec_of_bytes(m->public_tls_key);
    p->keys.public_ssh_key = codec_of_bytes(m->public_ssh_key);
    p->bot = (BotParams)TELEPORT__JOIN__V1__BOT_PARAMS__INIT;
    p->bot.public_keys = &p->keys;
    p->bot.expires = codec_of_time(m->expires, &p->expires);
    p->client = (ClientParams)TELEPORT__JOIN__V1__CLIENT_PARAMS__INIT;
    p->client.payload_case = TELEPORT__JOIN__V1__CLIENT_PARAMS__PAYLOAD_BOT_PARAMS;
    p->client.bot_params = &p->bot;
    return &p->client;
}

static RESULT encode_token_init(const struct msg_join_request *m, struct secret **ret)
{
    struct codec c = {.what = "join request"};
    struct params params;
    TokenInit init = TELEPORT__JOIN__V1__TOKEN_INIT__INIT;
    init.client_params = fill_in_params(m, &params);
    init.secret = codec_of_text(m->secret);
    JoinRequest p = TELEPORT__JOIN__V1__JOIN_REQUEST__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_TOKEN_INIT;
    p.token_init = &init;
    return codec_pack_secret(&c, &p.base, ret);
}

static RESULT encode_oidc_init(const struct msg_join_request *m, struct secret **ret)
{
    struct codec c = {.what = "join request"};
    struct params params;
    OidcInit init = TELEPORT__JOIN__V1__OIDCINIT__INIT;
    init.client_params = fill_in_params(m, &params);
    init.id_token = codec_of_text(m->id_token);
    JoinRequest p = TELEPORT__JOIN__V1__JOIN_REQUEST__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_OIDC_INIT;
    p.oidc_init = &init;
    return codec_pack_secret(&c, &p.base, ret);
}

static RESULT encode_giving_up(const struct msg_join_request *m, struct secret **ret)
{
    struct codec c = {.what = "join request"};
    Teleport__Join__V1__GivingUp giving_up = TELEPORT__JOIN__V1__GIVING_UP__INIT;
    giving_up.reason = (int32_t)m->reason;
    giving_up.msg = codec_of_text(m->text);
    JoinRequest p = TELEPORT__JOIN__V1__JOIN_REQUEST__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_REQUEST__PAYLOAD_GIVING_UP;
    p.giving_up = &giving_up;
    return codec_pack_secret(&c, &p.base, ret);
}

RESULT msg_join_request_encode(const struct msg_join_request *m, struct secret **ret)
{
    switch (m->kind) {
    case MSG_JOIN_CLIENT_INIT:
        return encode_client_init(m, ret);
    case MSG_JOIN_TOKEN_INIT:
        return encode_token_init(m, ret);
    case MSG_JOIN_OIDC_INIT:
        return encode_oidc_init(m, ret);
    case MSG_JOIN_GIVING_UP:
        return encode_giving_up(m, ret);
    case MSG_JOIN_REQUEST_UNKNOWN:
        break;
    }
    return err_new(ERR_BUG, "join request: no kind");
}

/* --- responses --- */

static void decode_certificates(struct codec *c, const Certificates *p, struct msg_join_response *m)
{
    m->tls_cert = codec_bytes(p->tls_cert);
    m->ssh_cert = codec_bytes(p->ssh_cert);
    m->tls_cas = codec_blobs(c, p->tls_ca_certs, p->n_tls_ca_certs, "TLS CAs");
    m->ssh_keys = codec_blobs(c, p->ssh_ca_keys, p->n_ssh_ca_keys, "SSH CAs");
}

static void decode_result(struct codec *c, const Teleport__Join__V1__Result *p,
                          struct msg_join_response *m)
{
    if (p->payload_case != TELEPORT__JOIN__V1__RESULT__PAYLOAD_BOT_RESULT)
        return;
    m->kind = MSG_JOIN_RESULT;
    if (p->bot_result->certificates)
        decode_certificates(c, p->bot_result->certificates, m);
}

RESULT msg_join_response_decode(struct bytes in, struct msg_join_response *ret)
{
    struct codec c;
    const JoinResponse *p = NULL;
    TRY(codec_open(&c, "join reply", in, &teleport__join__v1__join_response__descriptor, &p));
    struct msg_join_response m = {.join_method = "", .suite = ""};
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_RESPONSE__PAYLOAD_INIT) {
        m.kind = MSG_JOIN_SERVER_INIT;
        m.join_method = codec_text(&c, p->init->join_method, "join method");
        m.suite = codec_text(&c, p->init->signature_algorithm_suite, "suite");
    }
    if (p->payload_case == TELEPORT__JOIN__V1__JOIN_RESPONSE__PAYLOAD_RESULT)
        decode_result(&c, p->result, &m);
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

static RESULT encode_server_init(const struct msg_join_response *m, struct buf *out)
{
    struct codec c = {.what = "join reply"};
    Teleport__Join__V1__ServerInit init = TELEPORT__JOIN__V1__SERVER_INIT__INIT;
    init.join_method = codec_of_text(m->join_method);
    init.signature_algorithm_suite = codec_of_text(m->suite);
    JoinResponse p = TELEPORT__JOIN__V1__JOIN_RESPONSE__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_RESPONSE__PAYLOAD_INIT;
    p.init = &init;
    return codec_pack(&c, &p.base, out);
}

static RESULT encode_result(const struct msg_join_response *m, struct buf *out)
{
    struct codec c = {.what = "join reply"};
    Certificates certs = TELEPORT__JOIN__V1__CERTIFICATES__INIT;
    certs.tls_cert = codec_of_bytes(m->tls_cert);
    certs.ssh_cert = codec_of_bytes(m->ssh_cert);
    certs.tls_ca_certs = codec_of_blobs(&c, &m->tls_cas, &certs.n_tls_ca_certs);
    certs.ssh_ca_keys = codec_of_blobs(&c, &m->ssh_keys, &certs.n_ssh_ca_keys);
    Teleport__Join__V1__BotResult bot = TELEPORT__JOIN__V1__BOT_RESULT__INIT;
    bot.certificates = &certs;
    Teleport__Join__V1__Result result = TELEPORT__JOIN__V1__RESULT__INIT;
    result.payload_case = TELEPORT__JOIN__V1__RESULT__PAYLOAD_BOT_RESULT;
    result.bot_result = &bot;
    JoinResponse p = TELEPORT__JOIN__V1__JOIN_RESPONSE__INIT;
    p.payload_case = TELEPORT__JOIN__V1__JOIN_RESPONSE__PAYLOAD_RESULT;
    p.result = &result;
    return codec_pack(&c, &p.base, out);
}

RESULT msg_join_response_encode(const struct msg_join_response *m, struct buf *out)
{
    switch (m->kind) {
    case MSG_JOIN_SERVER_INIT:
        return encode_server_init(m, out);
    case MSG_JOIN_RESULT:
        return encode_result(m, out);
    case MSG_JOIN_RESPONSE_UNKNOWN:
        break;
    }
    return err_new(ERR_BUG, "join reply: no kind");
}
