/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_send.h"

#include "push_sink.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>

#define LINES "tbot.a 1 1767323045\ntbot.b 2 1767323045\n"
#define OK_REPLY "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"

struct world {
    struct push_sink *sink;
    struct push_target graphite, url;
    struct temp_dir dir;
    struct cancel *cancel;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char text[100];
    w->sink = push_sink_start();
    w->dir = temp_dir_make();
    assert_ok(cancel_new(&w->cancel));
    snprintf(text, sizeof(text), "127.0.0.1:%u", push_sink_port(w->sink));
    assert_ok(push_target_graphite(text, &w->graphite));
    snprintf(text, sizeof(text), "http://127.0.0.1:%u/in?key=1", push_sink_port(w->sink));
    assert_ok(push_target_url(text, &w->url));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    push_sink_stop(w->sink);
    cancel_free(w->cancel);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

static struct ctx within(const struct world *w, struct dur d)
{
    const struct ctx ctx = {clock_system(), w->cancel, MONO_NEVER};
    return ctx_until(&ctx, d);
}

static struct err *send_to(const struct world *w, const struct push_target *t, const char *text)
{
    const struct ctx ctx = within(w, dur_s(20));
    return push_send(t, bytes_of_str(text), &ctx);
}

static void test_graphite_gets_the_lines_and_nothing_else(void **state)
{
    struct world *w = *state;
    assert_ok(send_to(w, &w->graphite, LINES));
    assert_int_equal(push_sink_count(w->sink), 1); /* its end was waited for */
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_string_equal(got, LINES);
}

/* More than the kernel buffers: the rest waits until there is room. */
static void test_graphite_gets_a_long_text_whole(void **state)
{
    struct world *w = *state;
    size_t len = (size_t)8 << 20;
    CLEANUP(freep) char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    assert_ok(send_to(w, &w->graphite, text));
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_int_equal(strlen(got), len);
}

static void test_graphite_that_breaks_off_has_not_taken_them(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_RESETS, NULL);
    assert_fails(send_to(w, &w->graphite, LINES), ERR_UNAVAILABLE,
                 "sending metrics to '127.0.0.1:");
}

static void test_graphite_that_keeps_quiet_has(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_HANGS, NULL);
    assert_ok(send_to(w, &w->graphite, LINES));
}

static void test_url_gets_a_post(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_ANSWERS, OK_REPLY);
    assert_ok(send_to(w, &w->url, "[\n]\n"));
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_int_equal(strncmp(got, "POST /in?key=1 HTTP/1.1\r\n", 25), 0);
    assert_non_null(strstr(got, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(got, "\r\nHost: 127.0.0.1:"));
    assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n[\n]\n");
}

static void test_url_with_another_status_has_not_taken_them(void **state)
{
    struct world *w = *state;
    static const char *const replies[] = {
        "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 404 No\r\n\r\n",
        "HTTP/1.1 302 No\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        push_sink_behave(w->sink, PUSH_SINK_ANSWERS, replies[i]);
        struct err *e = send_to(w, &w->url, "[]");
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), ERR_REJECTED);
        assert_non_null(strstr(text, "HTTP status"));
        assert_null(strstr(text, "key=1"));
        assert_int_equal(err_hint(e) != NULL, i == 2);
        err_free(e);
    }
}

static void test_url_that_is_silent_ends_with_the_deadline(void **state)
{
    struct world *w = *state;
    const struct ctx ctx = within(w, dur_ms(100));
    push_sink_behave(w->sink, PUSH_SINK_HANGS, NULL);
    assert_fails(push_send(&w->url, bytes_of_str("[]"), &ctx), ERR_TIMEOUT, "sending metrics to");
}

static void test_stop_ends_what_is_under_way(void **state)
{
    struct world *w = *state;
    const struct ctx ctx = within(w, dur_s(20));
    cancel_fire(w->cancel);
    push_sink_behave(w->sink, PUSH_SINK_HANGS, NULL);
    assert_fails(push_send(&w->url, bytes_of_str("[]"), &ctx), ERR_CANCELLED, "");
    assert_fails(push_send(&w->graphite, bytes_of_str(LINES), &ctx), ERR_CANCELLED, "");
}

static void test_target_that_is_not_there_is_unavailable(void **state)
{
    struct world *w = *state;
    push_sink_stop(w->sink);
    assert_fails(send_to(w, &w->graphite, LINES), ERR_UNAVAILABLE, "refused");
    w->sink = push_sink_start();
}

static void answer(void *arg, const char *request, struct buf *reply)
{
    struct buf *got = arg;
    err_free(buf_add_str(got, request));
    err_free(buf_add_str(reply, OK_REPLY));
}

static void test_https_url_is_verified_with_the_systems_roots(void **state)
{
    struct world *w = *state;
    struct host_ca ca;
    struct push_target t;
    char url[100];
    struct buf got = BUF_INIT(1 << 20);
    host_ca_init(&ca, "example");
    struct fake_cluster *server = fake_cluster_start(
        &(struct fake_cluster_config){.ca = &ca, .handle_http = answer, .arg = &got});
    snprintf(url, sizeof(url), "https://localhost:%u/in", (unsigned)fake_cluster_port(server));
    assert_ok(push_target_url(url, &t));
    assert_fails(send_to(w, &t, "[]"), ERR_UNTRUSTED, "sending metrics to 'localhost:");
    CLEANUP(freep) char *pem = host_ca_pem(&ca);
    temp_dir_write(&w->dir, "roots.pem", pem);
    setenv("SSL_CERT_FILE", temp_dir_join(&w->dir, "roots.pem"), 1);
    assert_ok(send_to(w, &t, "[ 1 ]"));
    unsetenv("SSL_CERT_FILE");
    fake_cluster_sync(server);
    assert_non_null(strstr(buf_str(&got), "POST /in HTTP/1.1\r\n"));
    assert_non_null(strstr(buf_str(&got), "[ 1 ]"));
    fake_cluster_stop(server);
    host_ca_release(&ca);
    buf_release(&got);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_graphite_gets_the_lines_and_nothing_else),
        TEST(test_graphite_gets_a_long_text_whole),
        TEST(test_graphite_that_breaks_off_has_not_taken_them),
        TEST(test_graphite_that_keeps_quiet_has),
        TEST(test_url_gets_a_post),
        TEST(test_url_with_another_status_has_not_taken_them),
        TEST(test_url_that_is_silent_ends_with_the_deadline),
        TEST(test_stop_ends_what_is_under_way),
        TEST(test_target_that_is_not_there_is_unavailable),
        TEST(test_https_url_is_verified_with_the_systems_roots),
    };
    return fake_cluster_run_tests("agent/push_send", tests);
}
