/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/leaves.h"

#include "identity/pki/ossl.h"
#include "proto/method.h"
#include "proto/msg_cluster.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"

#include <stdatomic.h>
#include <stdio.h>

#define STATUS_DENIED 7
#define STATUS_UNIMPLEMENTED 12

struct world {
    struct host_ca ca;
    struct fake_cluster *fc;
    int status; /* of the gRPC call */
    atomic_int n_grpc, n_http;
    struct credentials *creds;
    struct connector *connector;
    struct channel *channel;
    struct strlist leaves;
};

/* Two pages. */
static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct world *w = arg;
    char one[] = "one.example", two[] = "two.example";
    char *names[] = {one, two};
    CLEANUP(msg_remote_clusters_request_release) struct msg_remote_clusters_request m = {0};
    err_free(msg_remote_clusters_request_decode(call->request, &m));
    bool is_first = !m.page_token || !*m.page_token;
    const struct msg_remote_clusters page = {
        .names = {.items = &names[is_first ? 0 : 1], .len = 1},
        .next_page_token = is_first ? "more" : "",
    };
    atomic_fetch_add(&w->n_grpc, 1);
    answer->status = w->status;
    if (strcmp(call->method, METHOD_LIST_REMOTE_CLUSTERS) != 0)
        answer->status = STATUS_UNIMPLEMENTED;
    err_free(msg_remote_clusters_encode(&page, &answer->reply));
}

static void handle_http(void *arg, const char *request, struct buf *reply)
{
    static const char body[] =
        "[{\"kind\":\"remote_cluster\",\"metadata\":{\"name\":\"old.example\"}}]";
    struct world *w = arg;
    atomic_fetch_add(&w->n_http, 1);
    if (strncmp(request, "GET /v2/remoteclusters HTTP/1.1\r\nHost: teleport.cluster.local\r\n",
                63) != 0)
        err_free(buf_add_str(reply, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    else
        err_free(buf_printf(reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                            sizeof(body) - 1, body));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, FIXTURE_CLUSTER);
    w->fc = fake_cluster_start(&(struct fake_cluster_config){
        .ca = &w->ca, .handle = handle, .handle_http = handle_http, .arg = w});
    w->creds = host_ca_bot(&w->ca, "bot-leaf");
    struct connector_config config = {.path.kind = PATH_AUTH};
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &config.address));
    assert_ok(connector_new(&config, &w->connector));
    struct channel_config channel = {
        .dial = connector_dial, .arg = w->connector, .credentials = w->creds};
    assert_ok(channel_new(&channel, &w->channel));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    channel_free(w->channel);
    connector_free(w->connector);
    fake_cluster_stop(w->fc);
    credentials_free(w->creds);
    strlist_release(&w->leaves);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

static RESULT list(struct world *w, unsigned major)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    const struct authapi api = {.channel = w->channel};
    ctx = ctx_until(&ctx, dur_s(20));
    fake_cluster_sync(w->fc);
    struct err *e = leaves_list(w->connector, &api, major, &ctx, &w->leaves);
    fake_cluster_sync(w->fc);
    return e;
}

static void test_leaves_from_version_16_come_by_grpc_page_by_page(void **state)
{
    struct world *w = *state;
    assert_ok(list(w, 16));
    assert_int_equal(w->leaves.len, 2);
    assert_string_equal(w->leaves.items[0], "one.example");
    assert_string_equal(w->leaves.items[1], "two.example");
    assert_int_equal(w->n_http, 0);
}

static void test_leaves_of_version_15_come_by_http_and_show_the_certificate(void **state)
{
    struct world *w = *state;
    assert_ok(list(w, 15));
    assert_int_equal(w->leaves.len, 1);
    assert_string_equal(w->leaves.items[0], "old.example");
    assert_int_equal(w->n_grpc, 0);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-leaf");
}

static void test_leaves_where_grpc_is_unknown_come_by_http(void **state)
{
    struct world *w = *state;
    w->status = STATUS_UNIMPLEMENTED;
    assert_ok(list(w, 16));
    assert_int_equal(w->leaves.len, 1);
    assert_int_equal(w->n_http, 1);
}

static void test_leaves_when_denied_are_not_asked_for_elsewhere(void **state)
{
    struct world *w = *state;
    w->status = STATUS_DENIED;
    assert_fails(list(w, 17), ERR_DENIED, "");
    assert_int_equal(w->n_http, 0);
    assert_int_equal(w->leaves.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_leaves_from_version_16_come_by_grpc_page_by_page),
        TEST(test_leaves_of_version_15_come_by_http_and_show_the_certificate),
        TEST(test_leaves_where_grpc_is_unknown_come_by_http),
        TEST(test_leaves_when_denied_are_not_asked_for_elsewhere),
    };
    return fake_cluster_run_tests("transport/leaves", tests);
}
