/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_certs.h"

#include "proto/codec.h"

#include <authservice.pb-c.h>

RESULT msg_user_certs_request_decode(struct bytes in, struct msg_user_certs_request *ret)
{
    struct codec c;
    const Proto__UserCertsRequest *p = NULL;
    TRY(codec_open(&c, "certificate request", in, &proto__user_certs_request__descriptor, &p));
    struct msg_user_certs_request m = {
        .public_key = codec_text(&c, p->publickey, "public key"),
        .ssh_public_key = codec_text(&c, p->sshpublickey, "SSH public key"),
        .tls_public_key = codec_text(&c, p->tlspublickey, "TLS public key"),
        .username = codec_text(&c, p->username, "user name"),
        .expires = codec_time(&c, p->expires, "expiry"),
        .route_to_cluster = codec_text(&c, p->routetocluster, "cluster"),
        .role_requests = codec_texts(&c, p->rolerequests, p->n_rolerequests, "roles"),
        .use_role_requests = p->userolerequests,
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_user_certs_request_encode(const struct msg_user_certs_request *m, struct buf *out)
{
    struct codec c = {.what = "certificate request"};
    Timestamp expires;
    Proto__UserCertsRequest p = PROTO__USER_CERTS_REQUEST__INIT;
    p.publickey = codec_of_text(m->public_key);
    p.sshpublickey = codec_of_text(m->ssh_public_key);
    p.tlspublickey = codec_of_text(m->tls_public_key);
    p.username = codec_of_text(m->username);
    p.expires = codec_of_time(m->expires, &expires);
    p.routetocluster = codec_of_text(m->route_to_cluster);
    p.rolerequests = codec_of_texts(&c, &m->role_requests, &p.n_rolerequests);
    p.userolerequests = m->use_role_requests;
    return codec_pack(&c, &p.base, out);
}

RESULT msg_certs_decode(struct bytes in, struct msg_certs *ret)
{
    struct codec c;
    const Proto__Certs *p = NULL;
    TRY(codec_open(&c, "certificates", in, &proto__certs__descriptor, &p));
    struct msg_certs m = {
        .ssh = codec_text(&c, p->ssh, "SSH certificate"),
        .tls = codec_text(&c, p->tls, "TLS certificate"),
        .tls_cas = codec_texts(&c, p->tlscacerts, p->n_tlscacerts, "TLS CAs"),
        .ssh_cas = codec_texts(&c, p->sshcacerts, p->n_sshcacerts, "SSH CAs"),
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_certs_encode(const struct msg_certs *m, struct buf *out)
{
    struct codec c = {.what = "certificates"};
    Proto__Certs p = PROTO__CERTS__INIT;
    p.ssh = codec_of_text(m->ssh);
    p.tls = codec_of_text(m->tls);
    p.tlscacerts = codec_of_texts(&c, &m->tls_cas, &p.n_tlscacerts);
    p.sshcacerts = codec_of_texts(&c, &m->ssh_cas, &p.n_sshcacerts);
    return codec_pack(&c, &p.base, out);
}
