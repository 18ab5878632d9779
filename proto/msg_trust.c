/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_trust.h"

#include "proto/codec.h"

#include <trust.pb-c.h>
#include <types.pb-c.h>

/* --- requests --- */

RESULT msg_ca_request_decode(struct bytes in, struct msg_ca_request *ret)
{
    struct codec c;
    const Teleport__Trust__V1__GetCertAuthorityRequest *p = NULL;
    TRY(codec_open(&c, "CA request", in,
                   &teleport__trust__v1__get_cert_authority_request__descriptor, &p));
    struct msg_ca_request m = {
        .type = codec_text(&c, p->type, "type"),
        .domain = codec_text(&c, p->domain, "cluster name"),
        .include_key = p->include_key,
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_ca_request_encode(const struct msg_ca_request *m, struct buf *out)
{
    struct codec c = {.what = "CA request"};
    Teleport__Trust__V1__GetCertAuthorityRequest p =
        TELEPORT__TRUST__V1__GET_CERT_AUTHORITY_REQUEST__INIT;
    p.type = codec_of_text(m->type);
    p.domain = codec_of_text(m->domain);
    p.include_key = m->include_key;
    return codec_pack(&c, &p.base, out);
}

RESULT msg_ca_list_request_decode(struct bytes in, struct msg_ca_list_request *ret)
{
    struct codec c;
    const Teleport__Trust__V1__GetCertAuthoritiesRequest *p = NULL;
    TRY(codec_open(&c, "CA list request", in,
                   &teleport__trust__v1__get_cert_authorities_request__descriptor, &p));
    struct msg_ca_list_request m = {
        .type = codec_text(&c, p->type, "type"),
        .include_key = p->include_key,
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_ca_list_request_encode(const struct msg_ca_list_request *m, struct buf *out)
{
    struct codec c = {.what = "CA list request"};
    Teleport__Trust__V1__GetCertAuthoritiesRequest p =
        TELEPORT__TRUST__V1__GET_CERT_AUTHORITIES_REQUEST__INIT;
    p.type = codec_of_text(m->type);
    p.include_key = m->include_key;
    return codec_pack(&c, &p.base, out);
}

/* --- decoding an authority --- */

static size_t n_tls(const Types__CAKeySet *s)
{
    return s ? s->n_tls : 0;
}

static size_t n_ssh(const Types__CAKeySet *s)
{
    return s ? s->n_ssh : 0;
}

static void decode_tls(struct codec *c, const Types__CertAuthoritySpecV2 *spec, struct msg_ca *m)
{
    size_t active = n_tls(spec->activekeys);
    size_t n = active + n_tls(spec->additionaltrustedkeys);
    ProtobufCBinaryData *v = codec_array(c, n, sizeof(*v), "TLS certificates");
    for (size_t i = 0; v && i < n; i++)
        v[i] = i < active ? spec->activekeys->tls[i]->cert
                          : spec->additionaltrustedkeys->tls[i - active]->cert;
    m->tls_certs = codec_texts(c, v, v ? n : 0, "TLS certificate");
    m->n_active_tls = active;
}

static void decode_ssh(struct codec *c, const Types__CertAuthoritySpecV2 *spec, struct msg_ca *m)
{
    size_t active = n_ssh(spec->activekeys);
    size_t n = active + n_ssh(spec->additionaltrustedkeys);
    ProtobufCBinaryData *v = codec_array(c, n, sizeof(*v), "SSH keys");
    for (size_t i = 0; v && i < n; i++)
        v[i] = i < active ? spec->activekeys->ssh[i]->publickey
                          : spec->additionaltrustedkeys->ssh[i - active]->publickey;
    m->ssh_keys = codec_texts(c, v, v ? n : 0, "SSH key");
    m->n_active_ssh = active;
}

static struct msg_ca decode_ca(struct codec *c, const Types__CertAuthorityV2 *p)
{
    struct msg_ca m = {.type = "", .cluster_name = "", .rotation_state = "", .rotation_phase = ""};
    const Types__CertAuthoritySpecV2 *spec = p->spec;
    if (!spec)
        return m;
    m.type = codec_text(c, spec->type, "type");
    m.cluster_name = codec_text(c, spec->clustername, "cluster name");
    decode_tls(c, spec, &m);
    decode_ssh(c, spec, &m);
    if (spec->rotation) {
        m.rotation_state = codec_text(c, spec->rotation->state, "rotation state");
        m.rotation_phase = codec_text(c, spec->rotation->phase, "rotation phase");
    }
    return m;
}

RESULT msg_ca_decode(struct bytes in, struct msg_ca *ret)
{
    struct codec c;
    const Types__CertAuthorityV2 *p = NULL;
    TRY(codec_open(&c, "CA", in, &types__cert_authority_v2__descriptor, &p));
    struct msg_ca m = decode_ca(&c, p);
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_ca_list_decode(struct bytes in, struct msg_ca_list *ret)
{
    struct codec c;
    const Teleport__Trust__V1__GetCertAuthoritiesResponse *p = NULL;
    TRY(codec_open(&c, "CA list", in,
                   &teleport__trust__v1__get_cert_authorities_response__descriptor, &p));
    struct msg_ca_list m = {0};
    m.items = codec_array(&c, p->n_cert_authorities_v2, sizeof(*m.items), "authorities");
    for (; m.items && m.len < p->n_cert_authorities_v2; m.len++)
        m.items[m.len] = decode_ca(&c, p->cert_authorities_v2[m.len]);
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

/* --- encoding an authority --- */

/* All the generated messages one authority needs, side by side in memory. */
struct authority {
    Types__CertAuthorityV2 ca;
    Types__Metadata metadata;
    Types__CertAuthoritySpecV2 spec;
    Types__Rotation rotation;
    Types__CAKeySet active;
    Types__CAKeySet additional;
};

static void encode_tls(struct codec *c, const struct msg_ca *m, struct authority *a)
{
    size_t n = m->tls_certs.len;
    Types__TLSKeyPair *pairs = codec_array(c, n, sizeof(*pairs), "TLS certificates");
    Types__TLSKeyPair **pointers =
        codec_array(c, n, sizeof(Types__TLSKeyPair *), "TLS certificates");
    if (!pairs || !pointers)
        return;
    for (size_t i = 0; i < n; i++) {
        types__tlskey_pair__init(&pairs[i]);
        pairs[i].cert = codec_of_text(m->tls_certs.items[i]);
        pointers[i] = &pairs[i];
    }
    a->active.tls = pointers;
    a->active.n_tls = m->n_active_tls;
    a->additional.tls = pointers + m->n_active_tls;
    a->additional.n_tls = n - m->n_active_tls;
}

static void encode_ssh(struct codec *c, const struct msg_ca *m, struct authority *a)
{
    size_t n = m->ssh_keys.len;
    Types__SSHKeyPair *pairs = codec_array(c, n, sizeof(*pairs), "SSH keys");
    Types__SSHKeyPair **pointers = codec_array(c, n, sizeof(Types__SSHKeyPair *), "SSH keys");
    if (!pairs || !pointers)
        return;
    for (size_t i = 0; i < n; i++) {
        types__sshkey_pair__init(&pairs[i]);
        pairs[i].publickey = codec_of_text(m->ssh_keys.items[i]);
        pointers[i] = &pairs[i];
    }
    a->active.ssh = pointers;
    a->active.n_ssh = m->n_active_ssh;
    a->additional.ssh = pointers + m->n_active_ssh;
    a->additional.n_ssh = n - m->n_active_ssh;
}

static void encode_spec(struct codec *c, const struct msg_ca *m, struct authority *a)
{
    types__rotation__init(&a->rotation);
    a->rotation.state = codec_of_text(m->rotation_state);
    a->rotation.phase = codec_of_text(m->rotation_phase);
    types__cakey_set__init(&a->active);
    types__cakey_set__init(&a->additional);
    encode_tls(c, m, a);
    encode_ssh(c, m, a);
    types__cert_authority_spec_v2__init(&a->spec);
    a->spec.type = codec_of_text(m->type);
    a->spec.clustername = codec_of_text(m->cluster_name);
    a->spec.rotation = &a->rotation;
    a->spec.activekeys = &a->active;
    a->spec.additionaltrustedkeys = &a->additional;
}

static RESULT encode_ca(struct codec *c, const struct msg_ca *m, struct authority *a)
{
    if (m->n_active_tls > m->tls_certs.len || m->n_active_ssh > m->ssh_keys.len)
        return err_new(ERR_BUG, "CA: more active keys than keys");
    types__metadata__init(&a->metadata);
    a->metadata.name = codec_of_text(m->cluster_name);
    a->metadata.namespace_ = codec_of_text("default");
    encode_spec(c, m, a);
    types__cert_authority_v2__init(&a->ca);
    a->ca.kind = codec_of_text("cert_authority");
    a->ca.subkind = codec_of_text(m->type);
    a->ca.version = codec_of_text("v2");
    a->ca.metadata = &a->metadata;
    a->ca.spec = &a->spec;
    return NULL;
}

RESULT msg_ca_encode(const struct msg_ca *m, struct buf *out)
{
    struct codec c = {.what = "CA"};
    struct authority a;
    codec_note(&c, encode_ca(&c, m, &a));
    return codec_pack(&c, &a.ca.base, out);
}

RESULT msg_ca_list_encode(const struct msg_ca_list *m, struct buf *out)
{
    struct codec c = {.what = "CA list"};
    struct authority *all = codec_array(&c, m->len, sizeof(*all), "authorities");
    Types__CertAuthorityV2 **pointers =
        codec_array(&c, m->len, sizeof(Types__CertAuthorityV2 *), "authorities");
    for (size_t i = 0; all && pointers && i < m->len; i++) {
        codec_note(&c, encode_ca(&c, &m->items[i], &all[i]));
        pointers[i] = &all[i].ca;
    }
    Teleport__Trust__V1__GetCertAuthoritiesResponse p =
        TELEPORT__TRUST__V1__GET_CERT_AUTHORITIES_RESPONSE__INIT;
    p.n_cert_authorities_v2 = m->len;
    p.cert_authorities_v2 = pointers;
    return codec_pack(&c, &p.base, out);
}
