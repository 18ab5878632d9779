/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_MEMORY_H
#define TBOT_PROTO_MSG_MEMORY_H

/*
 * Private to proto/: the arena a message lives in. Allocation never exceeds the budget given at
 * birth: four megabytes of empty sub-messages would otherwise unpack to 240.
 */

#include "proto/msg.h"

#include <protobuf-c/protobuf-c.h>

RESULT msg_memory_new(size_t budget, struct msg_memory **ret);

/* Zeroed, aligned for any type. NULL when the budget or the system's memory is used up. */
void *msg_memory_alloc(struct msg_memory *m, size_t size);

/* Why an allocation was refused: ERR_OK (none was), ERR_PROTOCOL (the budget) or ERR_NOMEM. */
enum err_code msg_memory_failure(const struct msg_memory *m);

/* For protobuf-c; freeing does nothing. Lives as long as `m`. */
ProtobufCAllocator *msg_memory_allocator(struct msg_memory *m);

#endif
