/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_METHOD_H
#define TBOT_PROTO_METHOD_H

/* The gRPC methods we call, by their path. An empty request is no bytes at all. */

/* Empty → msg_ping_reply, msg_cluster_ca, msg_user */
#define METHOD_PING "/proto.AuthService/Ping"
#define METHOD_GET_CLUSTER_CA_CERT "/proto.AuthService/GetClusterCACert"
#define METHOD_GET_CURRENT_USER "/proto.AuthService/GetCurrentUser"

/* msg_user_certs_request → msg_certs */
#define METHOD_GENERATE_USER_CERTS "/proto.AuthService/GenerateUserCerts"

/* msg_role_request → msg_role */
#define METHOD_GET_ROLE "/proto.AuthService/GetRole"

/* msg_register_request → msg_certs; versions 16 and later */
#define METHOD_REGISTER_USING_TOKEN "/proto.JoinService/RegisterUsingToken"

/* Stream of msg_join_request → stream of msg_join_response; version 18 and later */
#define METHOD_JOIN "/teleport.join.v1.JoinService/Join"

/* msg_ca_request → msg_ca; msg_ca_list_request → msg_ca_list */
#define METHOD_GET_CERT_AUTHORITY "/teleport.trust.v1.TrustService/GetCertAuthority"
#define METHOD_GET_CERT_AUTHORITIES "/teleport.trust.v1.TrustService/GetCertAuthorities"

/* msg_remote_clusters_request → msg_remote_clusters; versions 16 and later */
#define METHOD_LIST_REMOTE_CLUSTERS "/teleport.presence.v1.PresenceService/ListRemoteClusters"

/* Empty → msg_networking; the second is the one of version 15 */
#define METHOD_GET_NETWORKING                                                                      \
    "/teleport.clusterconfig.v1.ClusterConfigService/GetClusterNetworkingConfig"
#define METHOD_GET_NETWORKING_V15 "/proto.AuthService/GetClusterNetworkingConfig"

/* Stream of msg_proxy_ssh_request → stream of msg_proxy_ssh_reply; empty → msg_cluster_details */
#define METHOD_PROXY_SSH "/teleport.transport.v1.TransportService/ProxySSH"
#define METHOD_GET_CLUSTER_DETAILS "/teleport.transport.v1.TransportService/GetClusterDetails"

#endif
