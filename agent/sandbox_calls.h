/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SANDBOX_CALLS_H
#define TBOT_AGENT_SANDBOX_CALLS_H

/*
 * The system calls of a running agent: its own, and those of libc, OpenSSL and gRPC beneath it.
 *
 * What it needs is allowed. What has no business in it (starting programs or processes, looking into others,
 * changing the kernel or the mounts) kills it. Everything else fails with EPERM. No memory can be made
 * executable, so every library must have been loaded before.
 */

#include "base/err.h"

/* From now on, for this thread and those it starts. ERR_UNIMPLEMENTED, ERR_STORAGE: see base/seccomp.h. */
RESULT sandbox_calls_enter(void);

#endif
