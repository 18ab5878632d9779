/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cluster.h"

#include "proto/method.h"
#include "proto/msg_auth.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "transport/transport.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#define PATH_FILE "path.json"
#define STATUS_UNIMPLEMENTED 12

struct world {
    struct host_ca ca;
    struct fake_cluster *fc;
    struct temp_dir dir;
    struct keypool *keys;
    struct config *config;
    struct credentials *creds;
    struct cluster_config cluster_config;
    struct cluster *cluster;
    atomic_int n_silent;
};

/* `arg`: how many calls are not answered, before the others are. */
static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    atomic_int *n_silent = arg;
    if (atomic_load(n_silent) > 0) {
        atomic_fetch_sub(n_silent, 1);
        answer->then = FAKE_HOLD;
    }
    const struct msg_ping_reply ping = {
        .cluster_name = FIXTURE_CLUSTER, .server_version = "17.2.0", .suite_number = 2};
    if (strcmp(call->method, METHOD_PING) == 0)
        err_free(msg_ping_reply_encode(&ping, &answer->reply));
    else
        answer->status = STATUS_UNIMPLEMENTED;
}

static void set_token(struct world *w, const char *token)
{
    secret_free(TAKE(w->config->onboarding.token));
    assert_ok(config_onboarding_set_token(&w->config->onboarding, bytes_of_str(token)));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, FIXTURE_CLUSTER);
    w->fc = fake_cluster_start(
        &(struct fake_cluster_config){.ca = &w->ca, .handle = handle, .arg = &w->n_silent});
    w->dir = temp_dir_make();
    w->creds = host_ca_bot(&w->ca, "bot-one");
    assert_ok(keypool_new(&w->keys));
    assert_ok(config_new(&w->config));
    assert_true(asprintf(&w->config->auth_server, "127.0.0.1:%u", fake_cluster_port(w->fc)) > 0);
    assert_ok(config_destination_set(&w->config->storage, w->dir.path));
    w->config->onboarding.join_method = "token";
    set_token(w, "the-token");
    w->cluster_config = (struct cluster_config){
        .config = w->config,
        .clock = clock_system(),
        .keys = w->keys,
        .storage = &w->config->storage,
    };
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cluster_free(w->cluster);
    fake_cluster_stop(w->fc);
    config_free(w->config);
    keypool_free(w->keys);
    credentials_free(w->creds);
    temp_dir_remove(&w->dir);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

/* The next process. */
static void begin(struct world *w)
{
    cluster_free(TAKE(w->cluster));
    assert_ok(cluster_new(&w->cluster_config, &w->cluster));
    cluster_use(w->cluster, w->creds);
}

static struct ctx patient(void)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    return ctx_until(&ctx, dur_s(20));
}

static RESULT probe(struct world *w)
{
    const struct ctx ctx = patient();
    TRY(cluster_check(w->cluster, &ctx));
    cluster_remember(w->cluster);
    return NULL;
}

static bool is_proven_at_start(struct world *w)
{
    begin(w);
    return cluster_settings_proven(w->cluster);
}

/* --- what outlives the process --- */

static void test_settings_are_proven_by_the_first_answer_and_stay_so(void **state)
{
    struct world *w = *state;
    assert_false(is_proven_at_start(w));
    assert_ok(probe(w));
    assert_true(cluster_settings_proven(w->cluster));
    assert_true(is_proven_at_start(w));
    CLEANUP(freep) char *text = temp_dir_read(&w->dir, PATH_FILE);
    assert_non_null(strstr(text, "\"route\": \"direct\""));
    assert_non_null(strstr(text, "\"cluster\": \"" FIXTURE_CLUSTER "\""));
    assert_non_null(strstr(text, "\"server_version\": \"17.2.0\""));
    assert_non_null(strstr(text, "\"suite\": \"balanced-v1\""));
    assert_null(strstr(text, "the-token"));
}

static void test_settings_that_fail_are_not_proven(void **state)
{
    struct world *w = *state;
    free(w->config->auth_server);
    w->config->auth_server = strdup("127.0.0.1:1");
    begin(w);
    assert_fails(probe(w), ERR_UNAVAILABLE, "127.0.0.1:1");
    assert_false(cluster_settings_proven(w->cluster));
    cluster_remember(w->cluster);
    assert_int_equal(temp_dir_count(&w->dir), 0);
}

static void test_settings_proven_are_not_undone_by_what_makes_no_connection(void **state)
{
    struct world *w = *state;
    struct config_service *service = NULL;
    begin(w);
    assert_ok(probe(w));
    assert_ok(config_add_service(w->config, CONFIG_SERVICE_IDENTITY, &service));
    w->config->credential_ttl = dur_s(77);
    w->config->debug = true;
    assert_true(is_proven_at_start(w));
}

static void test_settings_proven_are_not_those_of_another_token(void **state)
{
    struct world *w = *state;
    begin(w);
    assert_ok(probe(w));
    set_token(w, "another");
    assert_false(is_proven_at_start(w));
    set_token(w, "the-token");
    assert_true(is_proven_at_start(w));
}

static void test_settings_proven_are_not_those_of_another_trust(void **state)
{
    struct world *w = *state;
    begin(w);
    assert_ok(probe(w));
    assert_ok(strlist_add(&w->config->onboarding.ca_pins, "sha256:00"));
    assert_false(is_proven_at_start(w));
}

static void test_memory_storage_leaves_nothing_behind(void **state)
{
    struct world *w = *state;
    assert_ok(config_destination_set(&w->config->storage, NULL));
    begin(w);
    assert_ok(probe(w));
    assert_true(cluster_settings_proven(w->cluster));
    assert_false(is_proven_at_start(w));
    assert_int_equal(temp_dir_count(&w->dir), 0);
}

/* A renewal's reply must be durable first: whoever runs the job says when. */
static void test_what_a_job_learns_is_stored_when_told_to(void **state)
{
    struct world *w = *state;
    const struct ctx ctx = patient();
    enum key_kind kind;
    begin(w);
    struct remote *r = cluster_remote(w->cluster);
    assert_ok(r->key_kind(r, w->creds, &ctx, &kind));
    assert_int_equal(kind, KEY_ECDSA_P256);
    assert_int_equal(temp_dir_count(&w->dir), 0);
    cluster_remember(w->cluster);
    assert_true(temp_dir_has(&w->dir, PATH_FILE));
}

static void test_a_damaged_file_is_no_error(void **state)
{
    struct world *w = *state;
    temp_dir_write(&w->dir, PATH_FILE, "{\"version\":");
    assert_false(is_proven_at_start(w));
    assert_ok(probe(w));
    assert_true(is_proven_at_start(w));
}

/* --- the environment --- */

static const char *env_name, *env_value;

static char *get(const char *name)
{
    return env_name && strcmp(name, env_name) == 0 ? (char *)(uintptr_t)env_value : NULL;
}

static RESULT check_environment(const char *name, const char *value)
{
    CLEANUP(config_freep) struct config *config = NULL;
    assert_ok(config_new(&config));
    config->proxy_server = strdup("proxy.example:443");
    env_name = name;
    env_value = value;
    return cluster_check_environment(config, get);
}

static void test_environment_that_asks_for_another_way_is_refused_by_name(void **state)
{
    (void)state;
    assert_ok(check_environment(NULL, NULL));
    assert_ok(check_environment("TBOT_USE_PROXY_ADDR", ""));
    assert_fails(check_environment("TBOT_USE_PROXY_ADDR", "yes"), ERR_CONFIG, "USE_PROXY_ADDR");
    assert_fails(check_environment("HTTPS_PROXY", "p:3128"), ERR_CONFIG, "HTTPS_PROXY");
}

static int start_all(void **state)
{
    (void)state;
    assert_ok(transport_init(NULL));
    return 0;
}

static int stop_all(void **state)
{
    (void)state;
    transport_shutdown();
    return 0;
}

static void fire(void *arg)
{
    cancel_fire(arg);
}

static void test_check_when_an_old_connection_fell_silent_uses_a_new_one(void **state)
{
    struct world *w = *state;
    begin(w);
    assert_ok(probe(w));
    atomic_store(&w->n_silent, 1);
    struct ctx ctx = patient();
    ctx = ctx_until(&ctx, dur_ms(500));
    assert_ok(cluster_check(w->cluster, &ctx));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
    atomic_store(&w->n_silent, 2);
    ctx = patient();
    ctx = ctx_until(&ctx, dur_ms(200));
    assert_fails(cluster_check(w->cluster, &ctx), ERR_TIMEOUT, "Ping");
}

static void test_loss_of_the_connection_is_told(void **state)
{
    struct world *w = *state;
    CLEANUP(cancel_freep) struct cancel *lost = NULL;
    assert_ok(cancel_new(&lost));
    w->cluster_config.lost = fire;
    w->cluster_config.lost_arg = lost;
    begin(w);
    assert_ok(probe(w));
    assert_false(cancel_fired(lost));
    fake_cluster_drop(w->fc);
    const struct ctx ctx = patient();
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(lost), POLLIN));
    cluster_free(TAKE(w->cluster));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_settings_are_proven_by_the_first_answer_and_stay_so),
        TEST(test_settings_that_fail_are_not_proven),
        TEST(test_settings_proven_are_not_undone_by_what_makes_no_connection),
        TEST(test_settings_proven_are_not_those_of_another_token),
        TEST(test_settings_proven_are_not_those_of_another_trust),
        TEST(test_memory_storage_leaves_nothing_behind),
        TEST(test_what_a_job_learns_is_stored_when_told_to),
        TEST(test_a_damaged_file_is_no_error),
        TEST(test_check_when_an_old_connection_fell_silent_uses_a_new_one),
        TEST(test_loss_of_the_connection_is_told),
        cmocka_unit_test(test_environment_that_asks_for_another_way_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("agent/cluster", tests, start_all, stop_all);
}
