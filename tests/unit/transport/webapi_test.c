/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi.h"

#include "tests/support/assert_err.h"
#include "tests/support/http_script.h"

#include <stdio.h>

static struct ctx ctx = {.deadline = {INT64_MAX}};

static const struct msg_register_request request = {.role = "Bot", .token = "the-secret-token"};

#define OK "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\n"

static void assert_sent(const struct http_script *s, const char *begin)
{
    assert_int_equal(strncmp(buf_str(&s->sent), begin, strlen(begin)), 0);
}

static void test_discover_asks_the_proxy_and_keeps_its_date(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s =
        HTTP_SCRIPT_INIT(OK "{\"cluster_name\":\"c\",\"server_version\":\"16.4.0\"}");
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = "proxy:3080", .ctx = &ctx};
    struct webapi_find f;
    (void)state;
    assert_ok(webapi_discover(&api, &f));
    assert_string_equal(f.cluster_name, "c");
    assert_int_equal(f.server_major, 16);
    assert_int_equal(wall_to_unix(f.date), 784111777);
    assert_sent(&s, "GET /webapi/find HTTP/1.1\r\nHost: proxy:3080\r\n");
}

static void assert_registers(enum webapi_server server, const char *begin)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(OK "{\"tls\":\"dGxz\"}");
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = "h", .ctx = &ctx};
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    assert_ok(webapi_register(&api, server, &request, &certs));
    assert_string_equal(certs.tls, "tls");
    assert_sent(&s, begin);
    assert_non_null(strstr(buf_str(&s.sent), "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(buf_str(&s.sent), "\"token\":\"the-secret-token\""));
}

static void test_register_posts_to_the_path_of_the_server(void **state)
{
    (void)state;
    assert_registers(WEBAPI_PROXY, "POST /v1/webapi/host/credentials HTTP/1.1\r\nHost: h\r\n");
    assert_registers(WEBAPI_AUTH, "POST /v2/tokens/register HTTP/1.1\r\nHost: h\r\n");
}

static void test_remote_clusters_are_listed(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s = HTTP_SCRIPT_INIT(OK "[{\"metadata\":{\"name\":\"leaf\"}}]");
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = ADDRESS_ANY_CLUSTER, .ctx = &ctx};
    CLEANUP(strlist_release) struct strlist names = {0};
    (void)state;
    assert_ok(webapi_remote_clusters(&api, &names));
    assert_int_equal(names.len, 1);
    assert_string_equal(names.items[0], "leaf");
    assert_sent(&s, "GET /v2/remoteclusters HTTP/1.1\r\nHost: teleport.cluster.local\r\n");
}

static void assert_status(const char *status, const char *body, enum err_code code,
                          const char *part)
{
    char wire[1024];
    snprintf(wire, sizeof(wire), "HTTP/1.1 %s\r\n\r\n%s", status, body);
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(wire);
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = "h", .ctx = &ctx};
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    struct err *e = webapi_register(&api, WEBAPI_PROXY, &request, &certs);
    CLEANUP(freep) char *text = err_text(e);
    assert_null(strstr(text, request.token));
    assert_fails(e, code, part);
    assert_null(certs.memory);
}

static void test_status_tells_what_kind_of_refusal_it_is(void **state)
{
    (void)state;
    assert_status("400 Bad Request", "{\"error\":{\"message\":\"wrong role\"}}", ERR_REJECTED,
                  "join at 'h': HTTP status 400: wrong role");
    assert_status("401 Unauthorized", "", ERR_DENIED, "401");
    assert_status("403 Forbidden", "{\"error\":{\"message\":\"token not found\"}}", ERR_DENIED,
                  "token not found");
    assert_status("403 Forbidden", "{\"error\":{\"message\":\"lock targeting Bot is in force\"}}",
                  ERR_LOCKED, "in force");
    assert_status("404 Not Found", "404 page not found", ERR_NOT_FOUND, "HTTP status 404");
    assert_status("409 Conflict", "", ERR_REJECTED, "409");
    assert_status("429 Too Many Requests", "", ERR_BUSY, "429");
    assert_status("500 Internal Server Error", "", ERR_UNAVAILABLE, "500");
    assert_status("502 Bad Gateway", "<html>nginx</html>", ERR_UNAVAILABLE, "HTTP status 502");
    assert_status("503 Service Unavailable", "", ERR_UNAVAILABLE, "503");
    assert_status("302 Found", "", ERR_PROTOCOL, "302");
    assert_status("500 No", "{\"error\":{\"message\":\"x is in force\"}}", ERR_UNAVAILABLE, "500");
}

static void test_answers_that_make_no_sense_say_what_was_asked(void **state)
{
    (void)state;
    assert_status("200 OK", "hello", ERR_PROTOCOL, "join at 'h': certificates: not JSON");
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT("");
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = "h", .ctx = &ctx};
    struct webapi_find f;
    CLEANUP(strlist_release) struct strlist names = {0};
    assert_fails(webapi_discover(&api, &f), ERR_UNAVAILABLE, "ask 'h' for /webapi/find: HTTP");
    assert_fails(webapi_remote_clusters(&api, &names), ERR_UNAVAILABLE, "leaf clusters at 'h'");
}

static void test_answer_larger_than_any_real_one_is_refused(void **state)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(OK);
    const struct http_stream stream = http_script_stream(&s);
    const struct webapi api = {.stream = &stream, .host = "h", .ctx = &ctx};
    struct webapi_find f;
    (void)state;
    s.forever = " ";
    assert_fails(webapi_discover(&api, &f), ERR_PROTOCOL, "more than 65536 bytes");
}

int main(void)
{
    ctx.clock = clock_system();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discover_asks_the_proxy_and_keeps_its_date),
        cmocka_unit_test(test_register_posts_to_the_path_of_the_server),
        cmocka_unit_test(test_remote_clusters_are_listed),
        cmocka_unit_test(test_status_tells_what_kind_of_refusal_it_is),
        cmocka_unit_test(test_answers_that_make_no_sense_say_what_was_asked),
        cmocka_unit_test(test_answer_larger_than_any_real_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
