/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include "transport/grpc_runtime.h"

#include <signal.h>

RESULT transport_init(void (*log)(const char *text))
{
    signal(SIGPIPE, SIG_IGN);
    return grpc_runtime_start(log);
}

void transport_shutdown(void)
{
    grpc_runtime_stop();
}
