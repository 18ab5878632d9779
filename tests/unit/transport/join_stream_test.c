/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/join_world.h"

static void begin(struct join_world *w)
{
    w->version = "18.0.0";
    join_world_begin(w, PATH_AUTH);
}

static void test_stream_gives_the_texts_everything_else_uses(void **state)
{
    struct join_world *w = *state;
    begin(w);
    assert_ok(join_world_join(w));
    const char *pem = credentials_tls_pem(w->credentials);
    const char *line = credentials_ssh_line(w->credentials);
    assert_int_equal(strncmp(pem, "-----BEGIN CERTIFICATE-----\n", 28), 0);
    assert_int_equal(strncmp(line, "ecdsa-sha2-nistp256-cert-v01@openssh.com ", 41), 0);
    assert_int_equal(credentials_tls_cas(w->credentials)->len, 1);
    assert_int_equal(credentials_ssh_cas(w->credentials)->len, 1);
    assert_int_equal(strncmp(credentials_ssh_cas(w->credentials)->items[0], "ssh-ed25519 ", 12), 0);
}

static void test_stream_takes_the_suite_of_the_stream_not_of_ping(void **state)
{
    struct join_world *w = *state;
    w->suite_of_stream = "fips-v1";
    begin(w);
    assert_ok(join_world_join(w));
    assert_int_equal(w->asked_suite, SUITE_FIPS_V1);
    assert_int_equal(w->n_keys, 1);
}

static void test_stream_for_another_join_method_gives_up_without_keys(void **state)
{
    struct join_world *w = *state;
    w->join_method = "iam";
    begin(w);
    struct err *e = join_world_join(w);
    assert_int_equal(err_code(e), ERR_REJECTED);
    assert_non_null(strstr(err_hint(e), "join method"));
    err_free(e);
    assert_int_equal(w->n_keys, 0);
    assert_int_equal(w->n_stream_keys, 0);
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_jwt_goes_with_the_keys_and_is_not_used_up(void **state)
{
    struct join_world *w = *state;
    CLEANUP(secret_freep) struct secret *jwt = NULL;
    assert_ok(secret_new("e30.e30.c2ln", 12, &jwt));
    w->join_method = "kubernetes";
    w->is_not_renewable = true;
    begin(w);
    w->config.method = "kubernetes";
    w->config.id_token = jwt;
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream_keys, 1);
    assert_true(w->report.token_was_shown);
    assert_false(w->report.token_may_be_used);
}

static void test_stream_that_ends_without_a_result_is_an_error(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_ENDS;
    begin(w);
    assert_fails(join_world_join(w), ERR_PROTOCOL, "without a result");
}

static void test_stream_when_nobody_answers_ends_at_the_deadline(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_HANGS;
    begin(w);
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, dur_ms(500));
    assert_fails(join_by_token(&w->config, &ctx, &w->credentials), ERR_TIMEOUT, "");
}

static void test_stream_with_the_token_is_not_cut_off_by_a_stop(void **state)
{
    struct join_world *w = *state;
    CLEANUP(cancel_freep) struct cancel *stop = NULL;
    assert_ok(cancel_new(&stop));
    w->stream = JOIN_HANGS;
    w->fire = stop;
    begin(w);
    struct ctx ctx = {.clock = clock_system(), .cancel = stop, .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, dur_ms(500));
    assert_fails(join_by_token(&w->config, &ctx, &w->credentials), ERR_TIMEOUT, "");
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_fails(join_by_token(&w->config, &ctx, &w->credentials), ERR_CANCELLED, "");
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_stream_when_patience_ends_ends_at_once(void **state)
{
    struct join_world *w = *state;
    CLEANUP(cancel_freep) struct cancel *force = NULL;
    assert_ok(cancel_new(&force));
    w->stream = JOIN_HANGS;
    w->fire = w->config.patience = force;
    begin(w);
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    assert_fails(join_by_token(&w->config, &ctx, &w->credentials), ERR_CANCELLED, "");
    assert_int_equal(join_world_tokens_seen(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOIN_TEST(test_stream_gives_the_texts_everything_else_uses),
        JOIN_TEST(test_stream_takes_the_suite_of_the_stream_not_of_ping),
        JOIN_TEST(test_stream_for_another_join_method_gives_up_without_keys),
        JOIN_TEST(test_jwt_goes_with_the_keys_and_is_not_used_up),
        JOIN_TEST(test_stream_that_ends_without_a_result_is_an_error),
        JOIN_TEST(test_stream_when_nobody_answers_ends_at_the_deadline),
        JOIN_TEST(test_stream_with_the_token_is_not_cut_off_by_a_stop),
        JOIN_TEST(test_stream_when_patience_ends_ends_at_once),
    };
    return fake_cluster_run_tests("transport/join_stream", tests);
}
