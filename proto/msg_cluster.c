/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_cluster.h"

#include "proto/codec.h"

#include <presence.pb-c.h>
#include <types.pb-c.h>

RESULT msg_remote_clusters_request_decode(struct bytes in, struct msg_remote_clusters_request *ret)
{
    struct codec c;
    const Teleport__Presence__V1__ListRemoteClustersRequest *p = NULL;
    TRY(codec_open(&c, "leaf clusters request", in,
                   &teleport__presence__v1__list_remote_clusters_request__descriptor, &p));
    struct msg_remote_clusters_request m = {
        .page_size = p->page_size,
        .page_token = codec_text(&c, p->page_token, "page token"),
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_remote_clusters_request_encode(const struct msg_remote_clusters_request *m,
                                          struct buf *out)
{
    struct codec c = {.what = "leaf clusters request"};
    Teleport__Presence__V1__ListRemoteClustersRequest p =
        TELEPORT__PRESENCE__V1__LIST_REMOTE_CLUSTERS_REQUEST__INIT;
    p.page_size = m->page_size;
    p.page_token = codec_of_text(m->page_token);
    return codec_pack(&c, &p.base, out);
}

static ProtobufCBinaryData cluster_name(const Types__RemoteClusterV3 *p)
{
    return p->metadata ? p->metadata->name : (ProtobufCBinaryData){0};
}

RESULT msg_remote_clusters_decode(struct bytes in, struct msg_remote_clusters *ret)
{
    struct codec c;
    const Teleport__Presence__V1__ListRemoteClustersResponse *p = NULL;
    TRY(codec_open(&c, "leaf clusters", in,
                   &teleport__presence__v1__list_remote_clusters_response__descriptor, &p));
    ProtobufCBinaryData *names =
        codec_array(&c, p->n_remote_clusters, sizeof(*names), "leaf clusters");
    size_t n = names ? p->n_remote_clusters : 0;
    for (size_t i = 0; i < n; i++)
        names[i] = cluster_name(p->remote_clusters[i]);
    struct msg_remote_clusters m = {
        .names = codec_texts(&c, names, n, "cluster name"),
        .next_page_token = codec_text(&c, p->next_page_token, "page token"),
    };
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

/* One cluster with the metadata it points to, side by side in memory. */
struct remote_cluster {
    Types__RemoteClusterV3 cluster;
    Types__Metadata metadata;
    Types__RemoteClusterStatus status;
};

static void remote_cluster_fill(struct remote_cluster *r, const char *name)
{
    types__metadata__init(&r->metadata);
    r->metadata.name = codec_of_text(name);
    r->metadata.namespace_ = codec_of_text("default");
    types__remote_cluster_status__init(&r->status);
    r->status.connection = codec_of_text("online");
    types__remote_cluster_v3__init(&r->cluster);
    r->cluster.kind = codec_of_text("remote_cluster");
    r->cluster.version = codec_of_text("v3");
    r->cluster.metadata = &r->metadata;
    r->cluster.status = &r->status;
}

RESULT msg_remote_clusters_encode(const struct msg_remote_clusters *m, struct buf *out)
{
    struct codec c = {.what = "leaf clusters"};
    size_t n = m->names.len;
    Types__RemoteClusterV3 **pointers =
        codec_array(&c, n, sizeof(Types__RemoteClusterV3 *), "leaf");
    struct remote_cluster *clusters = codec_array(&c, n, sizeof(*clusters), "leaf clusters");
    for (size_t i = 0; pointers && clusters && i < n; i++) {
        remote_cluster_fill(&clusters[i], m->names.items[i]);
        pointers[i] = &clusters[i].cluster;
    }
    Teleport__Presence__V1__ListRemoteClustersResponse p =
        TELEPORT__PRESENCE__V1__LIST_REMOTE_CLUSTERS_RESPONSE__INIT;
    p.remote_clusters = pointers;
    p.n_remote_clusters = n;
    p.next_page_token = codec_of_text(m->next_page_token);
    return codec_pack(&c, &p.base, out); /* which reads nothing when an allocation failed */
}

RESULT msg_networking_decode(struct bytes in, struct msg_networking *ret)
{
    struct codec c;
    const Types__ClusterNetworkingConfigV2 *p = NULL;
    TRY(codec_open(&c, "networking settings", in, &types__cluster_networking_config_v2__descriptor,
                   &p));
    struct msg_networking m = {.multiplexed = p->spec && p->spec->proxylistenermode == 1};
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_networking_encode(const struct msg_networking *m, struct buf *out)
{
    struct codec c = {.what = "networking settings"};
    Types__Metadata meta = TYPES__METADATA__INIT;
    meta.name = codec_of_text("cluster-networking-config");
    meta.namespace_ = codec_of_text("default");
    Types__ClusterNetworkingConfigSpec spec = TYPES__CLUSTER_NETWORKING_CONFIG_SPEC__INIT;
    spec.proxylistenermode = m->multiplexed;
    Types__ClusterNetworkingConfigV2 p = TYPES__CLUSTER_NETWORKING_CONFIG_V2__INIT;
    p.kind = codec_of_text("cluster_networking_config");
    p.version = codec_of_text("v2");
    p.metadata = &meta;
    p.spec = &spec;
    return codec_pack(&c, &p.base, out);
}
