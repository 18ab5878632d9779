/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_register.h"

#include "proto/codec.h"

#include <types.pb-c.h>

RESULT msg_register_request_decode(struct bytes in, struct msg_register_request *ret)
{
    struct codec c;
    const Types__RegisterUsingTokenRequest *p = NULL;
    TRY(codec_open(&c, "join request", in, &types__register_using_token_request__descriptor, &p));
    struct msg_register_request m = {
        .role = codec_text(&c, p->role, "role"),
        .token = codec_text(&c, p->token, "token"),
        .id_token = codec_text(&c, p->idtoken, "identity token"),
        .public_tls_key = codec_text(&c, p->publictlskey, "TLS public key"),
        .public_ssh_key = codec_text(&c, p->publicsshkey, "SSH public key"),
        .expires = codec_time(&c, p->expires, "expiry"),
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_register_request_encode(const struct msg_register_request *m, struct secret **ret)
{
    struct codec c = {.what = "join request"};
    Timestamp expires;
    Types__RegisterUsingTokenRequest p = TYPES__REGISTER_USING_TOKEN_REQUEST__INIT;
    p.role = codec_of_text(m->role);
    p.token = codec_of_text(m->token);
    p.idtoken = codec_of_text(m->id_token);
    p.publictlskey = codec_of_text(m->public_tls_key);
    p.publicsshkey = codec_of_text(m->public_ssh_key);
    p.expires = codec_of_time(m->expires, &expires);
    return codec_pack_secret(&c, &p.base, ret);
}
