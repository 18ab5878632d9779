/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_RPC_METRICS_H
#define TBOT_TRANSPORT_RPC_METRICS_H

/*
 * How the metrics name a gRPC method: "Ping" for "/proto.AuthService/Ping". Of a table of the methods
 * that proto/method.h has; anything else is "other". Static. Pure.
 */
const char *rpc_metrics_method(const char *path);

#endif
