/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_tunnel.h"

#include "proto/codec.h"

#include <transport.pb-c.h>

typedef Teleport__Transport__V1__ProxySSHRequest Request;
typedef Teleport__Transport__V1__ProxySSHResponse Response;
typedef Teleport__Transport__V1__Frame Frame;

RESULT msg_proxy_ssh_request_decode(struct bytes in, struct msg_proxy_ssh_request *ret)
{
    struct codec c;
    const Request *p = NULL;
    TRY(codec_open(&c, "SSH request", in, &teleport__transport__v1__proxy_sshrequest__descriptor,
                   &p));
    struct msg_proxy_ssh_request m = {.host_port = "", .cluster = ""};
    if (p->dial_target) {
        m.host_port = codec_text(&c, p->dial_target->host_port, "target");
        m.cluster = codec_text(&c, p->dial_target->cluster, "cluster");
    }
    if (p->frame_case == TELEPORT__TRANSPORT__V1__PROXY_SSHREQUEST__FRAME_SSH)
        m.ssh = codec_bytes(p->ssh->payload);
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_proxy_ssh_request_encode(const struct msg_proxy_ssh_request *m, struct buf *out)
{
    struct codec c = {.what = "SSH request"};
    Teleport__Transport__V1__TargetHost target = TELEPORT__TRANSPORT__V1__TARGET_HOST__INIT;
    target.host_port = codec_of_text(m->host_port);
    target.cluster = codec_of_text(m->cluster);
    Frame frame = TELEPORT__TRANSPORT__V1__FRAME__INIT;
    frame.payload = codec_of_bytes(m->ssh);
    Request p = TELEPORT__TRANSPORT__V1__PROXY_SSHREQUEST__INIT;
    if (target.host_port.len > 0)
        p.dial_target = &target;
    if (m->ssh.len > 0) {
        p.frame_case = TELEPORT__TRANSPORT__V1__PROXY_SSHREQUEST__FRAME_SSH;
        p.ssh = &frame;
    }
    return codec_pack(&c, &p.base, out);
}

RESULT msg_proxy_ssh_reply_decode(struct bytes in, struct msg_proxy_ssh_reply *ret)
{
    struct codec c;
    const Response *p = NULL;
    TRY(codec_open(&c, "SSH reply", in, &teleport__transport__v1__proxy_sshresponse__descriptor,
                   &p));
    struct msg_proxy_ssh_reply m = {0};
    if (p->frame_case == TELEPORT__TRANSPORT__V1__PROXY_SSHRESPONSE__FRAME_SSH)
        m.ssh = codec_bytes(p->ssh->payload);
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_proxy_ssh_reply_encode(const struct msg_proxy_ssh_reply *m, struct buf *out)
{
    struct codec c = {.what = "SSH reply"};
    Frame frame = TELEPORT__TRANSPORT__V1__FRAME__INIT;
    frame.payload = codec_of_bytes(m->ssh);
    Response p = TELEPORT__TRANSPORT__V1__PROXY_SSHRESPONSE__INIT;
    if (m->ssh.len > 0) {
        p.frame_case = TELEPORT__TRANSPORT__V1__PROXY_SSHRESPONSE__FRAME_SSH;
        p.ssh = &frame;
    }
    return codec_pack(&c, &p.base, out);
}

RESULT msg_cluster_details_decode(struct bytes in, struct msg_cluster_details *ret)
{
    struct codec c;
    const Teleport__Transport__V1__GetClusterDetailsResponse *p = NULL;
    TRY(codec_open(&c, "cluster details", in,
                   &teleport__transport__v1__get_cluster_details_response__descriptor, &p));
    struct msg_cluster_details m = {.fips = p->details && p->details->fips_enabled};
    TRY(codec_close(&c, &m.memory));
    *ret = m;
    return NULL;
}

RESULT msg_cluster_details_encode(const struct msg_cluster_details *m, struct buf *out)
{
    struct codec c = {.what = "cluster details"};
    Teleport__Transport__V1__ClusterDetails details =
        TELEPORT__TRANSPORT__V1__CLUSTER_DETAILS__INIT;
    details.fips_enabled = m->fips;
    Teleport__Transport__V1__GetClusterDetailsResponse p =
        TELEPORT__TRANSPORT__V1__GET_CLUSTER_DETAILS_RESPONSE__INIT;
    p.details = &details;
    return codec_pack(&c, &p.base, out);
}
