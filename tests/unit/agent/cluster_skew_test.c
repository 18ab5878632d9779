/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_certs.h"
#include "tests/unit/agent/cluster_world.h"

/* The next renewal is answered by a cluster whose clock is ahead of ours. */
static void answer_ahead(struct cluster_world *w, int64_t seconds)
{
    const int64_t now = wall_to_unix(clock_wall(clock_system()));
    const struct fixture f = {
        .key = credentials_key(w->creds), .generation = 2, .not_before = now + seconds - 60};
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    char *ca = fixture_ca_pem();
    struct strlist cas = {.items = &ca, .len = 1};
    const struct msg_certs m = {.tls = tls, .ssh = ssh, .tls_cas = cas};
    fake_cluster_sync(w->fc);
    buf_clear(&w->certs);
    assert_ok(msg_certs_encode(&m, &w->certs));
    fake_cluster_sync(w->fc);
    free(ca);
}

static void test_skew_is_measured_by_renewals_and_warned_about_once(void **state)
{
    struct cluster_world *w = *state;
    struct dur skew;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    assert_false(cluster_skew(w->cluster, &skew));
    answer_ahead(w, 600);
    assert_ok(cluster_world_renew(w));
    assert_ok(cluster_world_renew(w));
    assert_true(cluster_skew(w->cluster, &skew));
    assert_in_range(dur_to_s(skew), 590, 610);
    assert_int_equal(test_log_count(&w->log, "clock is behind the cluster's"), 1);
    assert_int_equal(test_log_count(&w->log, "NTP"), 1);
    answer_ahead(w, -600);
    assert_ok(cluster_world_renew(w));
    assert_int_equal(test_log_count(&w->log, "clock is ahead of the cluster's"), 1);
    answer_ahead(w, 0);
    assert_ok(cluster_world_renew(w));
    assert_int_equal(test_log_count(&w->log, "agrees with the cluster's again"), 1);
    assert_int_equal(test_log_count(&w->log, "NTP"), 2);
}

/* A machine an hour behind would ask for an end that is in the cluster's past, and be refused. */
static void test_skew_once_known_moves_the_end_that_is_asked_for(void **state)
{
    struct cluster_world *w = *state;
    const int64_t now = wall_to_unix(clock_wall(clock_system()));
    cluster_world_begin(w);
    answer_ahead(w, 4000);
    assert_ok(cluster_world_renew(w));
    assert_in_range(w->asked_end - now, 3600, 3700);
    assert_ok(cluster_world_renew(w));
    assert_in_range(w->asked_end - now, 7590, 7700);
    answer_ahead(w, 30); /* too little to act on */
    assert_ok(cluster_world_renew(w));
    assert_ok(cluster_world_renew(w));
    assert_in_range(w->asked_end - now, 3600, 3700);
}

/* A reading may be wrong by the time for which a machine was paused. */
static void test_skew_is_given_up_when_the_cluster_refuses(void **state)
{
    struct cluster_world *w = *state;
    struct dur skew;
    const int64_t now = wall_to_unix(clock_wall(clock_system()));
    cluster_world_begin(w);
    answer_ahead(w, -36000);
    assert_ok(cluster_world_renew(w));
    atomic_store(&w->refusal, 7);
    assert_fails(cluster_world_renew(w), ERR_DENIED, "PERMISSION_DENIED");
    assert_in_range(now - w->asked_end, 36000 - 3700, 36000 - 3590);
    assert_false(cluster_skew(w->cluster, &skew));
    assert_fails(cluster_world_renew(w), ERR_DENIED, "PERMISSION_DENIED");
    assert_in_range(w->asked_end - now, 3600, 3700);
}

static void test_end_that_is_asked_for_is_not_before_the_identity_begins(void **state)
{
    struct cluster_world *w = *state;
    const int64_t now = wall_to_unix(clock_wall(clock_system()));
    cluster_world_begin(w);
    answer_ahead(w, 0);
    CLEANUP(credentials_freep)
    struct credentials *later = fixture_credentials(&(struct fixture){.not_before = now + 7140});
    cluster_use(w->cluster, later);
    assert_ok(cluster_world_renew(w));
    assert_in_range(w->asked_end - now, 7200 + 3590, 7200 + 3700);
}

/* Facts cannot be had whole from this server: the proxy's part is enough. */
static void ask_for_facts(struct cluster_world *w)
{
    const struct ctx ctx = cluster_world_patience();
    struct cluster_facts *facts = NULL;
    cluster_use(w->cluster, w->creds);
    CLEANUP(err_freep) struct err *e = cluster_get_facts(w->cluster, &ctx, &facts);
    assert_non_null(e);
}

/* The bot reaches the same server as a proxy, whose web certificate the system trusts. */
static void begin_at_proxy(struct cluster_world *w)
{
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    temp_dir_write(&w->dir, "web.pem", pem);
    setenv("SSL_CERT_FILE", temp_dir_join(&w->dir, "web.pem"), 1);
    w->config->proxy_server = TAKE(w->config->auth_server);
    cluster_world_begin(w);
}

static void test_skew_is_measured_by_a_verified_proxys_date(void **state)
{
    struct cluster_world *w = *state;
    struct dur skew;
    begin_at_proxy(w);
    ask_for_facts(w);
    assert_true(cluster_skew(w->cluster, &skew));
    assert_in_range(dur_to_s(skew), 1790, 1810);
    assert_int_equal(test_log_count(&w->log, "clock is behind the cluster's"), 1);
    answer_ahead(w, 0); /* certificates are by the clock that matters */
    assert_ok(cluster_world_renew(w));
    cluster_forget_facts(w->cluster);
    ask_for_facts(w);
    assert_true(cluster_skew(w->cluster, &skew));
    assert_true(dur_to_s(skew) < 10 && dur_to_s(skew) > -10);
    unsetenv("SSL_CERT_FILE");
}

static void test_skew_is_not_measured_by_a_date_that_nobody_vouches_for(void **state)
{
    struct cluster_world *w = *state;
    struct dur skew;
    w->config->insecure = true;
    begin_at_proxy(w);
    ask_for_facts(w);
    assert_false(cluster_skew(w->cluster, &skew));
    unsetenv("SSL_CERT_FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_skew_is_measured_by_renewals_and_warned_about_once),
        CLUSTER_TEST(test_skew_once_known_moves_the_end_that_is_asked_for),
        CLUSTER_TEST(test_skew_is_given_up_when_the_cluster_refuses),
        CLUSTER_TEST(test_end_that_is_asked_for_is_not_before_the_identity_begins),
        CLUSTER_TEST(test_skew_is_measured_by_a_verified_proxys_date),
        CLUSTER_TEST(test_skew_is_not_measured_by_a_date_that_nobody_vouches_for),
    };
    return fake_cluster_run_tests("agent/cluster_skew", tests);
}
