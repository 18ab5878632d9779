/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/cluster_world.h"

static bool is_proven_at_start(struct cluster_world *w)
{
    cluster_world_begin(w);
    return cluster_settings_proven(w->cluster);
}

static void test_settings_are_proven_by_the_first_answer_and_stay_so(void **state)
{
    struct cluster_world *w = *state;
    assert_false(is_proven_at_start(w));
    assert_ok(cluster_world_probe(w));
    assert_true(cluster_settings_proven(w->cluster));
    assert_true(is_proven_at_start(w));
    CLEANUP(freep) char *text = temp_dir_read(&w->dir, "path.json");
    assert_non_null(strstr(text, "\"route\": \"direct\""));
    assert_non_null(strstr(text, "\"cluster\": \"" FIXTURE_CLUSTER "\""));
    assert_non_null(strstr(text, "\"server_version\": \"17.2.0\""));
    assert_non_null(strstr(text, "\"suite\": \"balanced-v1\""));
    assert_null(strstr(text, "the-token"));
}

static void test_settings_that_fail_are_not_proven(void **state)
{
    struct cluster_world *w = *state;
    free(w->config->auth_server);
    w->config->auth_server = strdup("127.0.0.1:1");
    cluster_world_begin(w);
    assert_fails(cluster_world_probe(w), ERR_UNAVAILABLE, "127.0.0.1:1");
    assert_false(cluster_settings_proven(w->cluster));
    cluster_remember(w->cluster);
    assert_int_equal(temp_dir_count(&w->dir), 0);
}

static void test_settings_proven_are_not_undone_by_what_makes_no_connection(void **state)
{
    struct cluster_world *w = *state;
    struct config_service *service = NULL;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    assert_ok(config_add_service(w->config, CONFIG_SERVICE_IDENTITY, &service));
    w->config->credential_ttl = dur_s(77);
    w->config->debug = true;
    assert_true(is_proven_at_start(w));
}

static void test_settings_proven_are_not_those_of_another_token(void **state)
{
    struct cluster_world *w = *state;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    cluster_world_set_token(w, "another");
    assert_false(is_proven_at_start(w));
    cluster_world_set_token(w, "the-token");
    assert_true(is_proven_at_start(w));
}

static void test_settings_proven_are_not_those_of_another_trust(void **state)
{
    struct cluster_world *w = *state;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    assert_ok(strlist_add(&w->config->onboarding.ca_pins, "sha256:00"));
    assert_false(is_proven_at_start(w));
}

static void test_memory_storage_leaves_nothing_behind(void **state)
{
    struct cluster_world *w = *state;
    assert_ok(config_destination_set(&w->config->storage, NULL));
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    assert_true(cluster_settings_proven(w->cluster));
    assert_false(is_proven_at_start(w));
    assert_int_equal(temp_dir_count(&w->dir), 0);
}

/* A renewal's reply must be durable first: whoever runs the job says when. */
static void test_what_a_job_learns_is_stored_when_told_to(void **state)
{
    struct cluster_world *w = *state;
    const struct ctx ctx = cluster_world_patience();
    enum key_kind kind;
    cluster_world_begin(w);
    struct remote *r = cluster_remote(w->cluster);
    assert_ok(r->key_kind(r, w->creds, &ctx, &kind));
    assert_int_equal(kind, KEY_ECDSA_P256);
    assert_int_equal(temp_dir_count(&w->dir), 0);
    cluster_remember(w->cluster);
    assert_true(temp_dir_has(&w->dir, "path.json"));
}

static void test_a_damaged_file_is_no_error(void **state)
{
    struct cluster_world *w = *state;
    temp_dir_write(&w->dir, "path.json", "{\"version\":");
    assert_false(is_proven_at_start(w));
    assert_ok(cluster_world_probe(w));
    assert_true(is_proven_at_start(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_settings_are_proven_by_the_first_answer_and_stay_so),
        CLUSTER_TEST(test_settings_that_fail_are_not_proven),
        CLUSTER_TEST(test_settings_proven_are_not_undone_by_what_makes_no_connection),
        CLUSTER_TEST(test_settings_proven_are_not_those_of_another_token),
        CLUSTER_TEST(test_settings_proven_are_not_those_of_another_trust),
        CLUSTER_TEST(test_memory_storage_leaves_nothing_behind),
        CLUSTER_TEST(test_what_a_job_learns_is_stored_when_told_to),
        CLUSTER_TEST(test_a_damaged_file_is_no_error),
    };
    return fake_cluster_run_tests("agent/cluster_path", tests);
}
