/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/sshproxy.h"

#include "proto/method.h"
#include "proto/msg_tunnel.h"
#include "transport/conn.h"
#include "transport/dial.h"
#include "transport/grpc_stream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#define DIAL_TIMEOUT_S 30
#define CHUNK ((size_t)16 << 10) /* what the service takes in one frame */

/* The half from us to the node, in a thread of its own. */
struct uplink {
    const struct sshproxy_config *config;
    struct grpc_stream *stream;
    struct ctx ctx; /* cancelled when the node has ended */
    struct err *e;
};

/* --- to the node --- */

static RESULT send_request(struct grpc_stream *s, const struct msg_proxy_ssh_request *m)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(2 * CHUNK);
    TRY(msg_proxy_ssh_request_encode(m, &out));
    return grpc_stream_send(s, buf_bytes(&out));
}

/* *ret_n = 0 at the end. */
static RESULT read_some(int fd, const struct ctx *ctx, uint8_t *data, size_t *ret_n)
{
    for (;;) {
        TRY(ctx_wait_fd(ctx, fd, POLLIN));
        ssize_t n = read(fd, data, CHUNK);
        if (n >= 0) {
            *ret_n = (size_t)n;
            return NULL;
        }
        if (errno != EINTR && errno != EAGAIN)
            return err_sys(ERR_STORAGE, errno, "read what to send");
    }
}

static RESULT carry_up(struct uplink *u)
{
    uint8_t data[CHUNK];
    for (;;) {
        size_t n = 0;
        TRY(read_some(u->config->in, &u->ctx, data, &n));
        if (n == 0)
            break;
        struct msg_proxy_ssh_request m = {.ssh = {data, n}};
        TRY(send_request(u->stream, &m));
    }
    grpc_stream_end_sending(u->stream);
    return NULL;
}

static void *run_uplink(void *arg)
{
    struct uplink *u = arg;
    u->e = carry_up(u);
    return NULL;
}

/* --- from the node --- */

static RESULT write_all(int fd, struct bytes data, const struct ctx *ctx)
{
    while (data.len > 0) {
        TRY(ctx_wait_fd(ctx, fd, POLLOUT));
        ssize_t n = write(fd, data.data, data.len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return err_sys(ERR_STORAGE, errno, "write what was received");
        if (n > 0)
            data = (struct bytes){data.data + n, data.len - (size_t)n};
    }
    return NULL;
}

static RESULT carry_down(const struct sshproxy_config *config, struct grpc_stream *s,
                         const struct ctx *ctx)
{
    for (;;) {
        CLEANUP(buf_release) struct buf in = BUF_INIT(MSG_MAX);
        CLEANUP(msg_proxy_ssh_reply_release) struct msg_proxy_ssh_reply m = {0};
        bool is_end = false;
        TRY(grpc_stream_receive(s, &in, &is_end));
        if (is_end)
            return NULL;
        TRY(msg_proxy_ssh_reply_decode(buf_bytes(&in), &m));
        TRY(write_all(config->out, m.ssh, ctx));
    }
}

/* --- both --- */

static RESULT carry_both(const struct sshproxy_config *config, struct grpc_stream *s,
                         const struct ctx *ctx)
{
    CLEANUP(cancel_freep) struct cancel *node_ended = NULL;
    TRY(cancel_new(&node_ended));
    struct uplink u = {.config = config, .stream = s, .ctx = *ctx};
    u.ctx.cancel = node_ended;
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_uplink, &u);
    if (error)
        return err_sys(ERR_UNAVAILABLE, error, "start a thread");
    struct err *e = carry_down(config, s, ctx);
    cancel_fire(node_ended);
    pthread_join(thread, NULL);
    err_ignore(u.e, "the other direction knows how the connection ended");
    return e;
}

static RESULT open_stream(const struct sshproxy_config *config, const struct ctx *ctx,
                          struct conn **ret_conn, struct grpc_stream **ret)
{
    struct ctx dialling = ctx_until(ctx, dur_s(DIAL_TIMEOUT_S));
    struct route_tls tls;
    struct tls *stream = NULL;
    TRY(route_ssh(config->proxy_cluster, &config->trust, &tls));
    TRY(dial_tls(&config->proxy, &tls.config, &dialling, &stream));
    TRY(conn_new(stream, NULL, (struct conn_listener){0}, ret_conn));
    TRY(grpc_stream_open(conn_link(*ret_conn), METHOD_PROXY_SSH, "", ctx, ret));
    struct msg_proxy_ssh_request hello = {
        .host_port = config->target,
        .cluster = config->target_cluster,
    };
    struct err *e = send_request(*ret, &hello);
    if (err_code(e) != ERR_UNAVAILABLE)
        return e;
    err_ignore(e, "the server has ended the stream: receiving tells why");
    return NULL;
}

RESULT sshproxy_run(const struct sshproxy_config *config, const struct ctx *ctx)
{
    CLEANUP(conn_freep) struct conn *conn = NULL;
    CLEANUP(grpc_stream_freep) struct grpc_stream *s = NULL;
    TRY(open_stream(config, ctx, &conn, &s));
    struct err *e = carry_both(config, s, ctx);
    if (e)
        return err_wrap(conn_explain(conn, e), "SSH to '%s' in cluster '%s'", config->target,
                        config->target_cluster);
    return NULL;
}
