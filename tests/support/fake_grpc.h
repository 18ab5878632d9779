/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_FAKE_GRPC_H
#define TBOT_TESTS_SUPPORT_FAKE_GRPC_H

/* The gRPC half of tests/support/fake_cluster.h: a server over descriptors that it is handed. */

#include "tests/support/fake_cluster.h"

struct fake_grpc;

typedef void (*fake_handle)(void *arg, const struct fake_call *call, struct fake_answer *answer);

struct fake_grpc *fake_grpc_start(fake_handle handle, void *arg, const char *version);

/* Takes `fd` over. */
void fake_grpc_add(struct fake_grpc *g, int fd);

/* Sends GOAWAY everywhere; calls under way go on. */
void fake_grpc_go_away(struct fake_grpc *g);

void fake_grpc_stop(struct fake_grpc *g);

#endif
