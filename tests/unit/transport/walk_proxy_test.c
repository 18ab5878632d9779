/* SPDX-License-Identifier: Apache-2.0 */
/* Through a proxy, or what is taken for one. */
#include "tests/unit/transport/walk_world.h"

/* The system's authorities are those of the test. */
static void trust_as_system(struct walk_world *w, const struct host_ca *ca)
{
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    temp_dir_write(&w->dir, "system.pem", pem);
    setenv("SSL_CERT_FILE", temp_dir_join(&w->dir, "system.pem"), 1);
}

static void test_through_a_proxy_the_cluster_itself_answers(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_PROXY);
    assert_true(walk_world_walk(w));
    walk_world_expect_all_ok(w);
    walk_world_expect(w, WALK_ROUTE, WALK_OK, "tls-routing");
    walk_world_expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    /* Its web certificate leads to no authority of this system. */
    walk_world_expect(w, WALK_CLOCK, WALK_NOT_TRIED, "not measurable");
}

static void test_foreign_certificate_at_a_proxy_asks_for_a_load_balancer(void **state)
{
    struct walk_world *w = *state;
    static const char *const web[] = {"h2", "http/1.1", NULL};
    walk_world_give_identity(w, &w->foreign);
    w->server.alpn = web;
    walk_world_begin(w, PATH_PROXY);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "is not trusted");
    walk_world_expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
}

static void test_proxy_is_asked_what_it_is(void **state)
{
    struct walk_world *w = *state;
    trust_as_system(w, &w->ca);
    w->date = "Date: Fri, 02 Jan 2026 09:04:05 GMT\r\n";
    walk_world_begin(w, PATH_PROXY);
    assert_true(walk_world_walk(w));
    unsetenv("SSL_CERT_FILE");
    assert_int_equal(w->len, WALK_STEP_COUNT);
    walk_world_expect(w, WALK_TLS, WALK_OK, "protocol 'http/1.1'");
    walk_world_expect(w, WALK_CERTIFICATE, WALK_OK, "the system's authorities");
    walk_world_expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    assert_int_equal(wall_to_unix(walk_world_expect(w, WALK_CLOCK, WALK_OK, "")->shown),
                     1767344645);
    walk_world_expect(w, WALK_ROUTE, WALK_OK, "tls-routing");
    walk_world_expect(w, WALK_PING, WALK_OK, "Teleport 17.4.2, cluster 'example'");
}

static void test_proxy_behind_a_load_balancer_needs_the_upgrade(void **state)
{
    struct walk_world *w = *state;
    static const char *const web[] = {"h2", "http/1.1", NULL};
    w->server.alpn = web;
    w->config.insecure = true;
    walk_world_begin(w, PATH_PROXY);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_WARNING, "nobody vouches");
    const struct walk_seen *s = walk_world_expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
    assert_non_null(strstr(s->hint, "proxy itself"));
    walk_world_expect(w, WALK_ROUTE, WALK_NOT_TRIED, "upgrade");
}

/* Some say so with an alert, as above, others choose no protocol at all. */
static void test_server_that_knows_no_alpn_needs_the_upgrade(void **state)
{
    struct walk_world *w = *state;
    static const char *const none[] = {NULL};
    w->server.alpn = none;
    w->config.insecure = true;
    walk_world_begin(w, PATH_PROXY);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_TLS, WALK_OK, "protocol 'none'");
    walk_world_expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
}

static void test_web_server_that_is_no_proxy_fails_the_ping(void **state)
{
    struct walk_world *w = *state;
    w->config.insecure = true;
    w->find = NULL;
    walk_world_begin(w, PATH_PROXY);
    assert_false(walk_world_walk(w));
    const struct walk_seen *s = walk_world_expect(w, WALK_PING, WALK_FAILED, "404");
    assert_non_null(strstr(s->hint, "'proxy_server'"));
    w->find = "<html>";
    fake_cluster_sync(w->fc);
    w->len = 0;
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_PING, WALK_FAILED, "find");
}

static void test_first_way_that_fails_is_a_warning_when_the_second_works(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_pin(w, &w->ca);
    walk_world_begin(w, PATH_UNKNOWN);
    assert_true(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    walk_world_expect(w, WALK_ROUTE, WALK_OK, "direct");
    for (size_t i = 0; i < w->len; i++)
        assert_int_not_equal(w->events[i].status, WALK_FAILED);
}

static void test_both_ways_that_fail_are_a_failure(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_pin(w, &w->foreign);
    walk_world_begin(w, PATH_UNKNOWN);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none");
    walk_world_expect_rest_not_tried(w, WALK_CERTIFICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(test_through_a_proxy_the_cluster_itself_answers),
        WALK_TEST(test_foreign_certificate_at_a_proxy_asks_for_a_load_balancer),
        WALK_TEST(test_proxy_is_asked_what_it_is),
        WALK_TEST(test_proxy_behind_a_load_balancer_needs_the_upgrade),
        WALK_TEST(test_server_that_knows_no_alpn_needs_the_upgrade),
        WALK_TEST(test_web_server_that_is_no_proxy_fails_the_ping),
        WALK_TEST(test_first_way_that_fails_is_a_warning_when_the_second_works),
        WALK_TEST(test_both_ways_that_fail_are_a_failure),
    };
    return fake_cluster_run_tests("transport/walk_proxy", tests);
}
