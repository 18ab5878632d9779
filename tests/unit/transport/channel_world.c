/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/channel_world.h"

#include "identity/pki/ossl.h"
#include "tests/support/pki_fixture.h"
#include "transport/dial.h"
#include "transport/route.h"

#include <stdio.h>

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct channel_script *s = arg;
    atomic_fetch_add(&s->n_calls, 1);
    pthread_mutex_lock(&s->lock);
    snprintf(s->version, sizeof(s->version), "%s", call->version);
    pthread_mutex_unlock(&s->lock);
    answer->status = atomic_load(&s->status);
    answer->text = "as told";
    err_free(buf_add(&answer->reply, call->request.data, call->request.len));
    if (atomic_load(&s->is_held) || s->fire)
        answer->then = FAKE_HOLD;
    if (s->fire)
        cancel_fire(s->fire);
    if (s->during)
        s->during(s->during_arg);
    if (atomic_load(&s->n_break) > 0) {
        atomic_fetch_sub(&s->n_break, 1);
        answer->then = FAKE_HOLD;
        fake_cluster_drop(s->fc);
    }
}

static void on_lost(void *arg)
{
    struct channel_world *w = arg;
    cancel_fire(w->lost);
}

static struct err *dial_world(void *arg, struct credentials *creds, const struct ctx *ctx,
                              struct tls **ret)
{
    struct channel_world *w = arg;
    atomic_fetch_add(&w->n_dials, 1);
    struct route_trust trust = {.roots = w->roots};
    if (creds) {
        trust.cert = credentials_cert(creds);
        trust.key = key_evp(credentials_key(creds));
    }
    struct route_tls tls;
    TRY(route_auth(ROUTE_DIRECT, CHANNEL_WORLD_CLUSTER, &trust, &tls));
    return dial_tls(&w->address, &tls.config, ctx, ret);
}

static void build(struct channel_world *w, struct fake_cluster_config config)
{
    host_ca_init(&w->ca, CHANNEL_WORLD_CLUSTER);
    w->roots = sk_X509_new_null();
    X509_up_ref(w->ca.cert);
    sk_X509_push(w->roots, w->ca.cert);
    config.ca = &w->ca;
    config.handle = handle;
    config.arg = &w->script;
    w->fc = w->script.fc = fake_cluster_start(&config);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->address));
    w->creds = fixture_credentials(&(struct fixture){.user = "bot-one"});
    assert_ok(cancel_new(&w->lost));
    assert_ok(metrics_new(&w->metrics));
    struct channel_config channel = {.dial = dial_world,
                                     .arg = w,
                                     .credentials = w->creds,
                                     .metrics = w->metrics,
                                     .lost = on_lost,
                                     .lost_arg = w};
    assert_ok(channel_new(&channel, &w->channel));
}

int channel_world_set_up(void **state)
{
    struct channel_world *w = calloc(1, sizeof(*w));
    pthread_mutex_init(&w->script.lock, NULL);
    build(w, (struct fake_cluster_config){0});
    *state = w;
    return 0;
}

/* What build() made. */
static void demolish(struct channel_world *w)
{
    channel_free(w->channel);
    metrics_free(w->metrics);
    fake_cluster_stop(w->fc);
    cancel_free(w->lost);
    credentials_free(w->creds);
    x509_stack_freep(&w->roots);
    host_ca_release(&w->ca);
}

int channel_world_tear_down(void **state)
{
    struct channel_world *w = *state;
    demolish(w);
    pthread_mutex_destroy(&w->script.lock);
    free(w);
    return 0;
}

void channel_world_rebuild(struct channel_world *w, struct fake_cluster_config config)
{
    demolish(w);
    build(w, config);
}

struct ctx channel_world_patience(void)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    return ctx_until(&ctx, dur_s(30));
}

RESULT channel_world_call(struct channel_world *w, bool is_idempotent, const struct ctx *ctx,
                          bool *ret_written)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(4096);
    struct channel_call c = {
        .method = CHANNEL_WORLD_ECHO,
        .request = bytes_of_str("hello"),
        .is_idempotent = is_idempotent,
    };
    fake_cluster_sync(w->fc);
    TRY(channel_unary(w->channel, &c, ctx, &reply, ret_written));
    fake_cluster_sync(w->fc);
    if (strcmp(buf_str(&reply), "hello") != 0)
        return err_new(ERR_BUG, "reply '%s'", buf_str(&reply));
    return NULL;
}
