/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connector.h"

#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

/* What only a dial through the proxy says. */
#define ROUTED "teleport-auth@"

struct world {
    struct host_ca ca;
    struct fake_cluster *fc;
    struct credentials *creds;
    struct connector_config config;
    struct connector *connector;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, FIXTURE_CLUSTER);
    w->creds = host_ca_bot(&w->ca, "bot-one");
    w->config.path.kind = PATH_UNKNOWN;
    assert_ok(metrics_new(&w->config.metrics));
    *state = w;
    return 0;
}

static void stop(struct world *w)
{
    connector_free(TAKE(w->connector));
    if (w->fc)
        fake_cluster_stop(TAKE(w->fc));
}

static int tear_down(void **state)
{
    struct world *w = *state;
    stop(w);
    metrics_free(w->config.metrics);
    credentials_free(w->creds);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

static void serve(struct world *w, struct fake_cluster_config server)
{
    server.ca = &w->ca;
    w->fc = fake_cluster_start(&server);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
}

/* The server is replaced; the bot goes on with what it knows. */
static void serve_instead(struct world *w, struct fake_cluster_config server)
{
    enum route route;
    w->config.path.has_worked = connector_route(w->connector, &route);
    w->config.path.last = route;
    stop(w);
    serve(w, server);
    assert_ok(connector_new(&w->config, &w->connector));
}

static void begin(struct world *w, struct fake_cluster_config server)
{
    serve(w, server);
    assert_ok(connector_new(&w->config, &w->connector));
}

static void begin_knowing(struct world *w, enum route route, struct fake_cluster_config server)
{
    w->config.path.has_worked = true;
    w->config.path.last = route;
    begin(w, server);
}

static struct ctx within(struct dur d)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    return ctx_until(&ctx, d);
}

static RESULT dial_within(struct world *w, struct dur d)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    const struct ctx ctx = within(d);
    return connector_dial(w->connector, w->creds, &ctx, &tls);
}

static RESULT dial(struct world *w)
{
    return dial_within(w, dur_s(20));
}

static void assert_route(struct world *w, enum route expected)
{
    enum route route;
    assert_true(connector_route(w->connector, &route));
    assert_string_equal(route_name(route), route_name(expected));
}

/* The one number of a counter without labels; 0 where it was never told. */
static double counted(struct world *w, const char *name)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    char start[64];
    assert_ok(metrics_write(w->config.metrics, METRICS_PROMETHEUS, &text));
    snprintf(start, sizeof(start), "\n%s ", name);
    const char *at = strstr(buf_str(&text), start);
    return at ? strtod(at + strlen(start), NULL) : 0;
}

static void assert_cache(struct world *w, double hits, double misses)
{
    assert_true(counted(w, "tbot_path_cache_hits_total") == hits);
    assert_true(counted(w, "tbot_path_cache_misses_total") == misses);
}

static void test_dial_without_knowledge_tries_the_proxys_way_first(void **state)
{
    struct world *w = *state;
    enum route route;
    begin(w, (struct fake_cluster_config){0});
    assert_false(connector_route(w->connector, &route));
    assert_ok(dial(w));
    assert_route(w, ROUTE_TLS_ROUTING);
    assert_cache(w, 0, 1);
    assert_ok(dial(w));
    assert_cache(w, 1, 1);
}

static void test_dial_with_knowledge_tries_what_worked_first(void **state)
{
    struct world *w = *state;
    begin_knowing(w, ROUTE_DIRECT, (struct fake_cluster_config){0});
    assert_route(w, ROUTE_DIRECT); /* before anything was dialled */
    assert_ok(dial(w));
    assert_route(w, ROUTE_DIRECT);
    assert_cache(w, 1, 0);
}

static void test_dial_after_a_join_begins_with_its_way(void **state)
{
    struct world *w = *state;
    begin(w, (struct fake_cluster_config){0});
    connector_suggest(w->connector, ROUTE_DIRECT);
    assert_ok(dial(w));
    assert_route(w, ROUTE_DIRECT);
    connector_suggest(w->connector, ROUTE_TLS_ROUTING); /* what has worked is worth more */
    assert_route(w, ROUTE_DIRECT);
}

static void test_dial_where_what_worked_does_not_any_more_finds_the_other(void **state)
{
    struct world *w = *state;
    begin_knowing(w, ROUTE_DIRECT, (struct fake_cluster_config){.hello_with = ROUTED});
    assert_ok(dial(w));
    assert_route(w, ROUTE_TLS_ROUTING);
    assert_cache(w, 0, 1);
    assert_ok(dial(w));
    assert_route(w, ROUTE_TLS_ROUTING);
}

static void test_dial_where_what_worked_is_silent_finds_the_other_in_time(void **state)
{
    struct world *w = *state;
    begin_knowing(w, ROUTE_TLS_ROUTING,
                  (struct fake_cluster_config){.hello_without = ROUTED, .ignores_others = true});
    assert_ok(dial_within(w, dur_s(1)));
    assert_route(w, ROUTE_DIRECT);
}

static void test_dial_in_an_outage_forgets_nothing(void **state)
{
    struct world *w = *state;
    begin_knowing(w, ROUTE_DIRECT, (struct fake_cluster_config){.hello_with = "nobody says this"});
    for (int i = 0; i < 3; i++) {
        struct err *e = dial(w);
        CLEANUP(freep) char *text = err_text(e);
        assert_non_null(strstr(text, "direct"));
        assert_non_null(strstr(text, "tls-routing"));
        assert_route(w, ROUTE_DIRECT);
        err_free(e);
    }
    assert_cache(w, 0, 0);
    serve_instead(w, (struct fake_cluster_config){0});
    assert_ok(dial(w));
    assert_route(w, ROUTE_DIRECT);
}

static void test_dial_that_was_cancelled_tries_nothing_more(void **state)
{
    struct world *w = *state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    begin(w, (struct fake_cluster_config){0});
    assert_ok(cancel_new(&cancel));
    cancel_fire(cancel);
    const struct ctx ctx = {clock_system(), cancel, MONO_NEVER};
    struct err *e = connector_dial(w->connector, w->creds, &ctx, &tls);
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_CANCELLED);
    assert_null(strstr(text, "before that"));
    err_free(e);
}

/* Listens, and never accepts: the kernel shakes hands, and that is all. */
static int black_hole(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

/* The kernel itself tries for minutes: what is far below that was the deadline, on the slowest machine too. */
static void assert_dial_ends_in_time(struct world *w)
{
    struct mono before = clock_mono(clock_system());
    assert_fails(dial_within(w, dur_ms(100)), ERR_TIMEOUT, "127.0.0.1");
    struct dur took = mono_diff(clock_mono(clock_system()), before);
    assert_in_range(dur_to_ms(took), 90, 30000);
}

static void test_dial_into_a_black_hole_ends_with_its_deadline(void **state)
{
    struct world *w = *state;
    uint16_t port = 0;
    CLEANUP(closep) int fd = black_hole(&port);
    assert_ok(address_parse("127.0.0.1", port, &w->config.address));
    const enum path_kind kinds[] = {PATH_AUTH, PATH_PROXY, PATH_UNKNOWN};
    for (size_t i = 0; i < 3; i++) {
        w->config.path = (struct path){.kind = kinds[i]};
        connector_free(TAKE(w->connector));
        assert_ok(connector_new(&w->config, &w->connector));
        assert_dial_ends_in_time(w);
    }
    w->config.path = (struct path){.kind = PATH_UNKNOWN, .has_worked = true, .last = ROUTE_DIRECT};
    connector_free(TAKE(w->connector));
    assert_ok(connector_new(&w->config, &w->connector));
    assert_dial_ends_in_time(w);
    assert_dial_ends_in_time(w); /* suspect by now */
    assert_route(w, ROUTE_DIRECT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dial_without_knowledge_tries_the_proxys_way_first),
        TEST(test_dial_with_knowledge_tries_what_worked_first),
        TEST(test_dial_after_a_join_begins_with_its_way),
        TEST(test_dial_where_what_worked_does_not_any_more_finds_the_other),
        TEST(test_dial_where_what_worked_is_silent_finds_the_other_in_time),
        TEST(test_dial_in_an_outage_forgets_nothing),
        TEST(test_dial_that_was_cancelled_tries_nothing_more),
        TEST(test_dial_into_a_black_hole_ends_with_its_deadline),
    };
    return fake_cluster_run_tests("transport/connector", tests);
}
