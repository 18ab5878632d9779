/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/cluster_world.h"

#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"

#include <stdio.h>
#include <time.h>

#define STATUS_UNIMPLEMENTED 12

static void handle_renewal(struct cluster_world *w, const struct fake_call *call,
                           struct fake_answer *answer)
{
    CLEANUP(msg_user_certs_request_release) struct msg_user_certs_request m = {0};
    err_free(msg_user_certs_request_decode(call->request, &m));
    w->asked_end = wall_to_unix(m.expires);
    answer->status = atomic_load(&w->refusal);
    err_free(buf_add(&answer->reply, w->certs.data, w->certs.len));
}

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct cluster_world *w = arg;
    const struct msg_ping_reply ping = {.cluster_name = FIXTURE_CLUSTER,
                                        .server_version = "17.2.0",
                                        .proxy_public_addr = w->proxy,
                                        .suite_number = 2};
    if (strcmp(call->method, METHOD_PING) == 0)
        err_free(msg_ping_reply_encode(&ping, &answer->reply));
    else if (strcmp(call->method, METHOD_GENERATE_USER_CERTS) == 0)
        handle_renewal(w, call, answer);
    else
        answer->status = STATUS_UNIMPLEMENTED;
    if (atomic_load(&w->n_silent) > 0) {
        atomic_fetch_sub(&w->n_silent, 1);
        answer->then = FAKE_HOLD;
    }
}

/* A proxy that describes itself, half an hour from now. */
static void handle_http(void *arg, const char *request, struct buf *reply)
{
    static const char body[] =
        "{\"cluster_name\":\"" FIXTURE_CLUSTER "\",\"server_version\":\"17.2.0\"}";
    char date[64];
    struct tm tm;
    time_t then = wall_to_unix(clock_wall(clock_system())) + 1800;
    const struct cluster_world *w = arg;
    (void)request;
    if (atomic_load(&w->is_mute)) {
        err_free(buf_add_str(reply, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
        return;
    }
    gmtime_r(&then, &tm);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    err_free(buf_printf(reply, "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %zu\r\n\r\n%s", date,
                        sizeof(body) - 1, body));
}

void cluster_world_set_token(struct cluster_world *w, const char *token)
{
    secret_free(TAKE(w->config->onboarding.token));
    assert_ok(config_onboarding_set_token(&w->config->onboarding, bytes_of_str(token)));
}

int cluster_world_set_up(void **state)
{
    struct cluster_world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, FIXTURE_CLUSTER);
    w->fc = fake_cluster_start(&(struct fake_cluster_config){
        .ca = &w->ca, .handle = handle, .handle_http = handle_http, .arg = w});
    w->certs = BUF_INIT(1 << 16);
    w->dir = temp_dir_make();
    test_log_open(&w->log, clock_system());
    w->creds = host_ca_bot(&w->ca, "bot-one");
    assert_ok(keypool_new(NULL, &w->keys));
    assert_ok(config_new(&w->config));
    assert_true(asprintf(&w->config->auth_server, "127.0.0.1:%u", fake_cluster_port(w->fc)) > 0);
    assert_ok(config_destination_set(&w->config->storage, w->dir.path));
    w->config->onboarding.join_method = "token";
    cluster_world_set_token(w, CLUSTER_WORLD_TOKEN);
    w->cluster_config = (struct cluster_config){
        .config = w->config,
        .clock = clock_system(),
        .keys = w->keys,
        .log = w->log.log,
        .storage = &w->config->storage,
    };
    *state = w;
    return 0;
}

int cluster_world_tear_down(void **state)
{
    struct cluster_world *w = *state;
    cluster_free(w->cluster);
    fake_cluster_stop(w->fc);
    test_log_close(&w->log);
    buf_release(&w->certs);
    free(w->proxy);
    config_free(w->config);
    keypool_free(w->keys);
    credentials_free(w->creds);
    temp_dir_remove(&w->dir);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

void cluster_world_begin(struct cluster_world *w)
{
    cluster_free(TAKE(w->cluster));
    assert_ok(cluster_new(&w->cluster_config, &w->cluster));
    cluster_use(w->cluster, w->creds);
}

struct ctx cluster_world_patience(void)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    return ctx_until(&ctx, dur_s(20));
}

RESULT cluster_world_probe(struct cluster_world *w)
{
    const struct ctx ctx = cluster_world_patience();
    TRY(cluster_check(w->cluster, &ctx));
    cluster_remember(w->cluster);
    return NULL;
}

RESULT cluster_world_renew(struct cluster_world *w)
{
    const struct ctx ctx = cluster_world_patience();
    struct remote *r = cluster_remote(w->cluster);
    CLEANUP(credentials_freep) struct credentials *renewed = NULL;
    bool written = false;
    return r->renew(r, w->creds, credentials_key(w->creds), dur_s(3600), &ctx, &written, &renewed);
}
