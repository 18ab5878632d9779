/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/grpc_runtime.h"

#include "base/thread.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    unsigned users;
    grpc_completion_queue *queue;
    pthread_t poller;
    void (*log)(const char *text);
} runtime = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *poll_forever(void *queue)
{
    grpc_event event;
    do {
        event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    } while (event.type != GRPC_QUEUE_SHUTDOWN);
    return NULL;
}

static void *run_poller(void *queue)
{
    thread_name("poller");
    return poll_forever(queue);
}

/* gRPC prints to stderr by itself otherwise. */
static void on_log(gpr_log_func_args *args)
{
    if (runtime.log)
        runtime.log(args->message);
}

static RESULT start(void (*log)(const char *text))
{
    runtime.log = log;
    gpr_set_log_function(on_log);
    grpc_init();
    runtime.queue = grpc_completion_queue_create_for_next(NULL);
    int error = pthread_create(&runtime.poller, NULL, run_poller, runtime.queue);
    if (!error)
        return NULL;
    grpc_completion_queue_shutdown(runtime.queue);
    poll_forever(runtime.queue);
    grpc_completion_queue_destroy(runtime.queue);
    grpc_shutdown();
    return err_sys(ERR_UNAVAILABLE, error, "start gRPC's thread");
}

RESULT grpc_runtime_start(void (*log)(const char *text))
{
    pthread_mutex_lock(&runtime.lock);
    struct err *e = runtime.users == 0 ? start(log) : NULL;
    runtime.users += e == NULL;
    pthread_mutex_unlock(&runtime.lock);
    return e;
}

void grpc_runtime_stop(void)
{
    pthread_mutex_lock(&runtime.lock);
    if (--runtime.users == 0) {
        grpc_completion_queue_shutdown(runtime.queue);
        pthread_join(runtime.poller, NULL);
        grpc_completion_queue_destroy(runtime.queue);
        grpc_shutdown();
    }
    pthread_mutex_unlock(&runtime.lock);
}
