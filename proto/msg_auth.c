/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_auth.h"

#include "proto/codec.h"

#include <authservice.pb-c.h>
#include <string.h>
#include <types.pb-c.h>

RESULT msg_ping_reply_decode(struct bytes in, struct msg_ping_reply *ret)
{
    struct codec c;
    const Proto__PingResponse *p = NULL;
    TRY(codec_open(&c, "Ping reply", in, &proto__ping_response__descriptor, &p));
    struct msg_ping_reply m = {
        .cluster_name = codec_text(&c, p->clustername, "cluster name"),
        .server_version = codec_text(&c, p->serverversion, "server version"),
        .proxy_public_addr = codec_text(&c, p->proxypublicaddr, "proxy address"),
        .suite_number = p->signaturealgorithmsuite,
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_ping_reply_encode(const struct msg_ping_reply *m, struct buf *out)
{
    struct codec c = {.what = "Ping reply"};
    Proto__PingResponse p = PROTO__PING_RESPONSE__INIT;
    p.clustername = codec_of_text(m->cluster_name);
    p.serverversion = codec_of_text(m->server_version);
    p.proxypublicaddr = codec_of_text(m->proxy_public_addr);
    p.signaturealgorithmsuite = m->suite_number;
    return codec_pack(&c, &p.base, out);
}

RESULT msg_cluster_ca_decode(struct bytes in, struct msg_cluster_ca *ret)
{
    struct codec c;
    const Proto__GetClusterCACertResponse *p = NULL;
    TRY(codec_open(&c, "cluster CA", in, &proto__get_cluster_cacert_response__descriptor, &p));
    struct msg_cluster_ca m = {.tls_ca = codec_text(&c, p->tlsca, "certificates")};
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_cluster_ca_encode(const struct msg_cluster_ca *m, struct buf *out)
{
    struct codec c = {.what = "cluster CA"};
    Proto__GetClusterCACertResponse p = PROTO__GET_CLUSTER_CACERT_RESPONSE__INIT;
    p.tlsca = codec_of_text(m->tls_ca);
    return codec_pack(&c, &p.base, out);
}

/* --- users --- */

RESULT msg_user_decode(struct bytes in, struct msg_user *ret)
{
    struct codec c;
    const Types__UserV2 *p = NULL;
    TRY(codec_open(&c, "user", in, &types__user_v2__descriptor, &p));
    struct msg_user m = {.name = ""};
    const Types__Metadata *meta = p->metadata;
    if (meta) {
        m.name = codec_text(&c, meta->name, "name");
        m.labels = codec_array(&c, meta->n_labels, sizeof(*m.labels), "labels");
        m.n_labels = m.labels ? meta->n_labels : 0;
    }
    for (size_t i = 0; i < m.n_labels; i++) {
        m.labels[i].key = codec_text(&c, meta->labels[i]->key, "label");
        m.labels[i].value = codec_text(&c, meta->labels[i]->value, "label");
    }
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

/* protobuf-c wants an array of pointers to the entries. */
static Types__Label **labels_of(struct codec *c, const struct msg_user *m, size_t *ret_n)
{
    Types__Label *entries = codec_array(c, m->n_labels, sizeof(*entries), "labels");
    Types__Label **pointers = codec_array(c, m->n_labels, sizeof(Types__Label *), "labels");
    *ret_n = entries && pointers ? m->n_labels : 0;
    for (size_t i = 0; i < *ret_n; i++) {
        types__label__init(&entries[i]);
        entries[i].key = codec_of_text(m->labels[i].key);
        entries[i].value = codec_of_text(m->labels[i].value);
        pointers[i] = &entries[i];
    }
    return pointers;
}

RESULT msg_user_encode(const struct msg_user *m, struct buf *out)
{
    struct codec c = {.what = "user"};
    Types__Metadata meta = TYPES__METADATA__INIT;
    meta.name = codec_of_text(m->name);
    meta.namespace_ = codec_of_text("default");
    meta.labels = labels_of(&c, m, &meta.n_labels);
    Types__UserV2 p = TYPES__USER_V2__INIT;
    p.kind = codec_of_text("user");
    p.version = codec_of_text("v2");
    p.metadata = &meta;
    return codec_pack(&c, &p.base, out);
}

const char *msg_user_label(const struct msg_user *m, const char *key)
{
    for (size_t i = m->n_labels; i > 0; i--)
        if (strcmp(m->labels[i - 1].key, key) == 0)
            return m->labels[i - 1].value;
    return NULL;
}

/* --- roles --- */

RESULT msg_role_request_decode(struct bytes in, struct msg_role_request *ret)
{
    struct codec c;
    const Proto__GetRoleRequest *p = NULL;
    TRY(codec_open(&c, "role request", in, &proto__get_role_request__descriptor, &p));
    struct msg_role_request m = {.name = codec_text(&c, p->name, "name")};
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_role_request_encode(const struct msg_role_request *m, struct buf *out)
{
    struct codec c = {.what = "role request"};
    Proto__GetRoleRequest p = PROTO__GET_ROLE_REQUEST__INIT;
    p.name = codec_of_text(m->name);
    return codec_pack(&c, &p.base, out);
}

static const Types__ImpersonateConditions *impersonation(const Types__RoleV6 *p)
{
    if (!p->spec || !p->spec->allow)
        return NULL;
    return p->spec->allow->impersonate;
}

RESULT msg_role_decode(struct bytes in, struct msg_role *ret)
{
    struct codec c;
    const Types__RoleV6 *p = NULL;
    TRY(codec_open(&c, "role", in, &types__role_v6__descriptor, &p));
    struct msg_role m = {.name = ""};
    if (p->metadata)
        m.name = codec_text(&c, p->metadata->name, "name");
    const Types__ImpersonateConditions *i = impersonation(p);
    if (i)
        m.impersonate_roles = codec_texts(&c, i->roles, i->n_roles, "impersonated roles");
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_role_encode(const struct msg_role *m, struct buf *out)
{
    struct codec c = {.what = "role"};
    Types__Metadata meta = TYPES__METADATA__INIT;
    meta.name = codec_of_text(m->name);
    meta.namespace_ = codec_of_text("default");
    Types__ImpersonateConditions impersonate = TYPES__IMPERSONATE_CONDITIONS__INIT;
    impersonate.roles = codec_of_texts(&c, &m->impersonate_roles, &impersonate.n_roles);
    Types__RoleConditions allow = TYPES__ROLE_CONDITIONS__INIT;
    allow.impersonate = &impersonate;
    Types__RoleSpec spec = TYPES__ROLE_SPEC__INIT;
    spec.allow = &allow;
    Types__RoleV6 p = TYPES__ROLE_V6__INIT;
    p.kind = codec_of_text("role");
    p.version = codec_of_text("v7");
    p.metadata = &meta;
    p.spec = &spec;
    return codec_pack(&c, &p.base, out);
}
