/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls_internal.h"

#include "authority/say.h"

#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>

#define MAX_STREAMS 100
#define PING_INTERVAL_MS 60000

static void log_grpc(gpr_log_func_args *args)
{
    if (args->severity >= GPR_LOG_SEVERITY_ERROR)
        say("grpc: %s", args->message);
}

void calls_global_init(void)
{
    gpr_set_log_function(log_grpc);
    grpc_init();
}

void calls_global_release(void)
{
    grpc_shutdown_blocking();
}

/* Sends what is due and returns when to look again. */
static struct mono send_due(struct calls *calls)
{
    struct mono now = clock_mono(calls->config.clock), next = MONO_NEVER;
    for (struct call *c = calls->all; c; c = c->next) {
        if (!c->is_waiting)
            continue;
        if (mono_before(now, c->due))
            next = mono_min(next, c->due);
        else
            call_send(c);
    }
    return next;
}

static gpr_timespec deadline(const struct calls *calls, struct mono until)
{
    if (until.ns == MONO_NEVER.ns)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    struct dur rest = mono_diff(until, clock_mono(calls->config.clock));
    /* A span counts from now, whatever gRPC's clock says. */
    return gpr_time_from_millis(dur_to_ms(rest) + 1, GPR_TIMESPAN);
}

static void *run(void *arg)
{
    struct calls *calls = arg;
    call_expect(calls);
    while (!calls->is_shut || calls->all) {
        struct mono next = send_due(calls);
        grpc_event event = grpc_completion_queue_next(calls->queue, deadline(calls, next), NULL);
        if (event.type != GRPC_OP_COMPLETE)
            continue;
        const struct op *op = event.tag;
        if (op->kind == OP_SHUTDOWN)
            calls->is_shut = true;
        else
            call_on_event(op, event.success);
    }
    return NULL;
}

static void release_queue(struct calls *c)
{
    const gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    grpc_completion_queue_shutdown(c->queue);
    while (grpc_completion_queue_next(c->queue, never, NULL).type != GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(c->queue);
}

/* gRPC wants the names of its arguments writable, and does not write them. */
static grpc_arg argument(const char *name, int value)
{
    return (grpc_arg){GRPC_ARG_INTEGER, (char *)(uintptr_t)name, {.integer = value}};
}

static grpc_server *make_server(void)
{
    grpc_arg args[] = {
        argument(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)CALL_MAX_REQUEST),
        argument(GRPC_ARG_MAX_CONCURRENT_STREAMS, MAX_STREAMS),
        argument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_INTERVAL_MS),
        argument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
    };
    const grpc_channel_args all = {sizeof(args) / sizeof(*args), args};
    return grpc_server_create(&all, NULL);
}

static void serve_fd(struct calls *c, int fd)
{
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    grpc_server_add_channel_from_fd(c->server, fd, plain);
    grpc_server_credentials_release(plain);
}

static void release(struct calls *c)
{
    grpc_server_destroy(c->server);
    release_queue(c);
    free(c);
}

/* For a server whose thread could not be started: nobody else takes its events. */
static void end_here(struct calls *c)
{
    grpc_server_shutdown_and_notify(c->server, c->queue, &c->shutdown);
    grpc_server_cancel_all_calls(c->server);
    run(c);
    release(c);
}

RESULT calls_new(int fd, const struct calls_config *config, struct calls **ret)
{
    struct calls *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return err_nomem();
    }
    c->config = *config;
    c->shutdown = (struct op){OP_SHUTDOWN, NULL};
    c->queue = grpc_completion_queue_create_for_next(NULL);
    c->server = make_server();
    grpc_server_register_completion_queue(c->server, c->queue, NULL);
    grpc_server_start(c->server);
    serve_fd(c, fd);
    int failure = pthread_create(&c->thread, NULL, run, c);
    if (failure) {
        end_here(c);
        return err_sys(ERR_UNAVAILABLE, failure, "starting a thread for calls");
    }
    *ret = c;
    return NULL;
}

void calls_free(struct calls *c)
{
    if (!c)
        return;
    grpc_server_shutdown_and_notify(c->server, c->queue, &c->shutdown);
    grpc_server_cancel_all_calls(c->server);
    pthread_join(c->thread, NULL);
    release(c);
}
