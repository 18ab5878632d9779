/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http.h"

#include "tests/support/assert_err.h"
#include "tests/support/http_script.h"
#include "tests/support/inputs.h"

#include <stdio.h>

#define BODY_MAX 64

static const struct http_request get = {.method = "GET", .path = "/find", .host = "proxy:3080"};
static const struct ctx ctx = {.deadline = {INT64_MAX}};

static RESULT play(struct http_script *s, struct http_reply *ret)
{
    const struct http_stream stream = http_script_stream(s);
    return http_exchange(&stream, &get, BODY_MAX, &ctx, ret);
}

static void assert_reply(const char *wire, unsigned status, const char *body)
{
    size_t len = strlen(wire);
    for (size_t step = 1; step <= len; step++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(wire);
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        s.step = step;
        assert_ok(play(&s, &reply));
        assert_int_equal(reply.status, status);
        assert_string_equal(buf_str(&reply.body), body);
        assert_int_equal(reply.body.len, strlen(body));
    }
}

static void assert_refused(const char *wire, enum err_code code, const char *part)
{
    for (size_t step = 0; step <= 2; step++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(wire);
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        s.step = step;
        assert_fails(play(&s, &reply), code, part);
        assert_null(reply.body.data);
    }
}

/* --- the request --- */

static void test_get_sends_a_head_alone(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s = HTTP_SCRIPT_INIT("HTTP/1.1 204 No Content\r\n\r\n");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    (void)state;
    assert_ok(play(&s, &reply));
    assert_string_equal(buf_str(&s.sent),
                        "GET /find HTTP/1.1\r\nHost: proxy:3080\r\nUser-Agent: tbot\r\n"
                        "Accept: application/json\r\nConnection: close\r\n\r\n");
}

static void test_post_sends_its_body_with_type_and_length(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s = HTTP_SCRIPT_INIT("HTTP/1.1 204 No Content\r\n\r\n");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct http_stream stream = http_script_stream(&s);
    struct http_request post = {.method = "POST", .path = "/p", .host = "h"};
    (void)state;
    post.content_type = "application/json";
    post.body = bytes_of_str("{\"a\":1}");
    assert_ok(http_exchange(&stream, &post, BODY_MAX, &ctx, &reply));
    assert_string_equal(buf_str(&s.sent),
                        "POST /p HTTP/1.1\r\nHost: h\r\nUser-Agent: tbot\r\n"
                        "Accept: application/json\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

static void test_token_and_accepted_type_are_headers(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s = HTTP_SCRIPT_INIT("HTTP/1.1 204 No Content\r\n\r\n");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    CLEANUP(secret_freep) struct secret *token = NULL;
    const struct http_stream stream = http_script_stream(&s);
    struct http_request request = get;
    (void)state;
    assert_ok(secret_new("s3cret", 6, &token));
    request.accept = "text/plain";
    request.bearer = token;
    assert_ok(http_exchange(&stream, &request, BODY_MAX, &ctx, &reply));
    assert_string_equal(buf_str(&s.sent),
                        "GET /find HTTP/1.1\r\nHost: proxy:3080\r\nUser-Agent: tbot\r\n"
                        "Accept: text/plain\r\nConnection: close\r\n"
                        "Authorization: Bearer s3cret\r\n\r\n");
}

static void test_token_with_a_line_break_is_neither_sent_nor_told(void **state)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT("");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    CLEANUP(secret_freep) struct secret *token = NULL;
    const struct http_stream stream = http_script_stream(&s);
    struct http_request request = get;
    (void)state;
    assert_ok(secret_new("s3cret\r\nX: y", 12, &token));
    request.bearer = token;
    CLEANUP(err_freep) struct err *e = http_exchange(&stream, &request, BODY_MAX, &ctx, &reply);
    assert_int_equal(err_code(e), ERR_BUG);
    CLEANUP(freep) char *text = err_text(e);
    assert_null(strstr(text, "s3cret"));
    assert_int_equal(s.sent.len, 0);
}

static void test_request_with_a_line_break_is_never_sent(void **state)
{
    static const struct http_request bad[] = {
        {.method = "GET\r\nX: y", .path = "/", .host = "h"},
        {.method = "GET", .path = "/ HTTP/1.1", .host = "h"},
        {.method = "GET", .path = "/", .host = "h\r\nX: y"},
        {.method = "GET", .path = "/", .host = "h", .content_type = "a/b\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT("");
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        const struct http_stream stream = http_script_stream(&s);
        assert_fails(http_exchange(&stream, &bad[i], BODY_MAX, &ctx, &reply), ERR_BUG, "HTTP");
        assert_int_equal(s.sent.len, 0);
    }
}

static void test_stream_errors_keep_their_code(void **state)
{
    (void)state;
    CLEANUP(http_script_release)
    struct http_script s = HTTP_SCRIPT_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    s.ends = ERR_TIMEOUT;
    assert_fails(play(&s, &reply), ERR_TIMEOUT, "HTTP reply: the script ends");
    s.refuses = ERR_CANCELLED;
    assert_fails(play(&s, &reply), ERR_CANCELLED, "HTTP request: the script");
}

/* --- the reply --- */

static const char with_length[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                  "Content-Length: 5\r\n\r\nhello";
static const char with_chunks[] =
    "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2;name=\"value\"\r\nhe\r\n03\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n";
static const char without_length[] = "HTTP/1.0 200 OK\r\n\r\nhello";

static void test_reply_in_every_framing_and_split_gives_its_body(void **state)
{
    (void)state;
    assert_reply(with_length, 200, "hello");
    assert_reply(with_chunks, 403, "hello");
    assert_reply(without_length, 200, "hello");
    assert_reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "");
    assert_reply("HTTP/1.1 204 No Content\r\n\r\n", 204, "");
    assert_reply("HTTP/1.1 500\r\nContent-Length: 1\r\n\r\nx", 500, "x");
}

static void test_date_is_read_from_the_head_in_every_split(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof(with_length); step++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(with_length);
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        s.step = step;
        assert_ok(play(&s, &reply));
        assert_int_equal(wall_to_unix(reply.date), 784111777);
    }
}

static void test_date_that_is_absent_wrong_or_a_trailer_is_none(void **state)
{
    static const char *const replies[] = {
        "HTTP/1.1 204 OK\r\n\r\n",
        "HTTP/1.1 204 OK\r\nDate:\r\n\r\n",
        "HTTP/1.1 204 OK\r\nDate: now\r\n\r\n",
        "HTTP/1.1 204 OK\r\nX-Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
        "HTTP/1.1 204 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT and what is too long for a date\r\n"
        "\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX: y\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(replies[i]);
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        assert_ok(play(&s, &reply));
        assert_int_equal(reply.date.ns, WALL_NONE.ns);
    }
}

static void test_date_behind_an_empty_header_is_read(void **state)
{
    CLEANUP(http_script_release)
    struct http_script s =
        HTTP_SCRIPT_INIT("HTTP/1.1 204 OK\r\nEmpty:\r\n"
                         "dAtE:   Sun, 06 Nov 1994 08:49:37 GMT\r\nX: y\r\n\r\n");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    (void)state;
    assert_ok(play(&s, &reply));
    assert_int_equal(wall_to_unix(reply.date), 784111777);
}

static void assert_retry_after(const char *headers, int64_t s)
{
    char wire[256];
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    snprintf(wire, sizeof(wire), "HTTP/1.1 429 Busy\r\n%sContent-Length: 0\r\n\r\n", headers);
    CLEANUP(http_script_release) struct http_script script = HTTP_SCRIPT_INIT(wire);
    script.step = 1;
    assert_ok(play(&script, &reply));
    assert_int_equal(dur_to_s(reply.retry_after), s);
}

static void test_retry_after_is_read_where_it_has_seconds(void **state)
{
    (void)state;
    assert_retry_after("", 0);
    assert_retry_after("Retry-After: 7\r\n", 7);
    assert_retry_after("retry-after: 86400\r\n", 86400);
    assert_retry_after("Retry-After: 86401\r\n", 0);
    assert_retry_after("Retry-After: -1\r\n", 0);
    assert_retry_after("Retry-After: Fri, 02 Jan 2026 03:04:05 GMT\r\n", 0);
}

static void test_body_that_is_secret_is_kept_as_one_up_to_its_limit(void **state)
{
    static const char wire[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nkey";
    static const char big[] = "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"
                              "0123456789012345678901234567890123456789012345678901234567890123x";
    struct http_request wanted = get;
    CLEANUP(http_reply_release) struct http_reply reply = {0}, none = {0};
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(wire);
    CLEANUP(http_script_release) struct http_script t = HTTP_SCRIPT_INIT(big);
    const struct http_stream stream = http_script_stream(&s), other = http_script_stream(&t);
    (void)state;
    wanted.is_secret_wanted = true;
    assert_ok(http_exchange(&stream, &wanted, BODY_MAX, &ctx, &reply));
    assert_string_equal(secret_str(reply.secret), "key");
    assert_null(reply.body.data);
    assert_fails(http_exchange(&other, &wanted, BODY_MAX, &ctx, &none), ERR_PROTOCOL, "64 bytes");
    assert_null(none.secret);
}

static void test_interim_replies_are_skipped(void **state)
{
    (void)state;
    assert_reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                 200, "ok");
    assert_reply("HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n"
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                 200, "ok");
    assert_refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                   ERR_PROTOCOL, "status 101");
    assert_refused("HTTP/1.1 100 Continue\r\n\r\n", ERR_UNAVAILABLE, "closed");
}

static void test_what_follows_the_reply_is_not_looked_at(void **state)
{
    (void)state;
    assert_reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\nmore", 200,
                 "ok");
    assert_reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\x01\x02 garbage",
                 200, "");
}

static void test_garbage_is_a_protocol_error(void **state)
{
    static const char *const bad[] = {
        "SSH-2.0-Teleport\r\n",
        "\x15\x03\x01 alert",
        "GET / HTTP/1.1\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 2000 High\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one reply, too long for one line */
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        "\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], ERR_PROTOCOL, "HTTP reply: ");
}

static void test_wrong_chunks_are_protocol_errors(void **state)
{
    static const char *const bad[] = {
        "x\r\n",       "-1\r\nx\r\n",           "0x1\r\nx\r\n0\r\n\r\n", "\r\nx\r\n",
        "1\r\nxy\r\n", "fffffffffffffffff\r\n", "ffffffffffffffff\r\nx", "1\r\nx0\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char wire[256];
        snprintf(wire, sizeof(wire), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s",
                 bad[i]);
        assert_refused(wire, ERR_PROTOCOL, "HTTP reply: ");
    }
}

static void check_cut(struct bytes damaged, size_t len, void *arg)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT("");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    (void)len;
    (void)arg;
    s.reply = damaged;
    assert_fails(play(&s, &reply), ERR_UNAVAILABLE, "HTTP reply: connection closed");
}

static void test_reply_cut_anywhere_is_unavailable(void **state)
{
    (void)state;
    inputs_truncate(bytes_of_str(with_length), check_cut, NULL);
    inputs_truncate(bytes_of_str(with_chunks), check_cut, NULL);
}

static void check_damaged(struct bytes damaged, size_t len, void *arg)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT("");
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    (void)len;
    s.reply = damaged;
    s.step = *(const size_t *)arg;
    struct err *e = play(&s, &reply);
    if (e)
        assert_true(err_code(e) == ERR_PROTOCOL || err_code(e) == ERR_UNAVAILABLE);
    else
        assert_true(reply.status >= 200 && reply.body.len <= BODY_MAX);
    err_free(e);
}

static void test_reply_with_any_bit_changed_is_refused_or_in_bounds(void **state)
{
    (void)state;
    for (size_t step = 0; step <= 3; step++) {
        inputs_flip_bits(bytes_of_str(with_length), 1, check_damaged, &step);
        inputs_flip_bits(bytes_of_str(with_chunks), 1, check_damaged, &step);
        inputs_flip_bits(bytes_of_str(without_length), 1, check_damaged, &step);
    }
}

/* --- limits --- */

static void assert_body_limit(const char *head, const char *tail, size_t len, bool is_allowed)
{
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    assert_ok(buf_add_str(&wire, head));
    for (size_t i = 0; i < len; i++)
        assert_ok(buf_add_u8(&wire, 'x'));
    assert_ok(buf_add_str(&wire, tail));
    if (!is_allowed) {
        assert_refused(buf_str(&wire), ERR_PROTOCOL, "more than 64 bytes");
        return;
    }
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(buf_str(&wire));
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    assert_ok(play(&s, &reply));
    assert_int_equal(reply.body.len, BODY_MAX);
}

static void test_body_at_its_limit_is_taken_and_one_byte_more_is_not(void **state)
{
    (void)state;
    assert_body_limit("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n", "", 64, true);
    assert_body_limit("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", "", 65, false);
    assert_body_limit("HTTP/1.0 200 OK\r\n\r\n", "", 64, true);
    assert_body_limit("HTTP/1.0 200 OK\r\n\r\n", "", 65, false);
    const char *chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n3f\r\n";
    assert_body_limit(chunks, "\r\n0\r\n\r\n", 63, true);
    assert_body_limit(chunks, "\r\n1\r\nx\r\n0\r\n\r\n", 63, false);
}

static void add_head(struct buf *wire, size_t len)
{
    static const char end[] = "\r\nContent-Length: 2\r\n\r\n";
    assert_ok(buf_add_str(wire, "HTTP/1.1 200 OK\r\nX-Padding: "));
    while (wire->len < len - strlen(end))
        assert_ok(buf_add_u8(wire, 'p'));
    assert_ok(buf_add_str(wire, end));
    assert_int_equal(wire->len, len);
    assert_ok(buf_add_str(wire, "ok"));
}

static void test_head_at_its_limit_is_taken_and_one_byte_more_is_not(void **state)
{
    CLEANUP(buf_release) struct buf fits = BUF_INIT((size_t)2 * HTTP_HEAD_MAX);
    CLEANUP(buf_release) struct buf exceeds = BUF_INIT((size_t)2 * HTTP_HEAD_MAX);
    (void)state;
    add_head(&fits, HTTP_HEAD_MAX);
    add_head(&exceeds, HTTP_HEAD_MAX + 1);
    for (size_t step = 0; step < 3; step++) {
        CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(buf_str(&fits));
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        s.step = step;
        assert_ok(play(&s, &reply));
        assert_string_equal(buf_str(&reply.body), "ok");
    }
    assert_refused(buf_str(&exceeds), ERR_PROTOCOL, "the head has more than 16384 bytes");
}

static void assert_endless_refused(const char *begin, const char *forever, size_t received_max)
{
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(begin);
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    s.forever = forever;
    assert_fails(play(&s, &reply), ERR_PROTOCOL, "HTTP reply: ");
    assert_true(s.received <= received_max);
}

static void test_reply_without_end_is_given_up(void **state)
{
    const char *chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    (void)state;
    assert_endless_refused("HTTP/1.1 ", "2", HTTP_HEAD_MAX);
    assert_endless_refused("HTTP/1.1 200 O", "K", HTTP_HEAD_MAX);
    assert_endless_refused("HTTP/1.1 200 OK\r\n", "A: b\r\n", HTTP_HEAD_MAX);
    assert_endless_refused("", "\r\n", HTTP_HEAD_MAX);
    assert_endless_refused("", "HTTP/1.1 100 Continue\r\n\r\n", HTTP_HEAD_MAX);
    size_t wire_max = (size_t)2 * HTTP_HEAD_MAX + 8 * BODY_MAX;
    assert_endless_refused(chunks, "0", wire_max);
    assert_endless_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "e",
                           wire_max);
    assert_endless_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: r\r\n",
                           wire_max);
    assert_endless_refused(chunks, "1\r\nx\r\n", wire_max);
    assert_endless_refused("HTTP/1.0 200 OK\r\n\r\n", "x", wire_max);
}

static void test_chunks_of_one_byte_fill_the_body_to_its_limit(void **state)
{
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    (void)state;
    assert_ok(buf_add_str(&wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (size_t i = 0; i < BODY_MAX; i++)
        assert_ok(buf_add_str(&wire, "1\r\nx\r\n"));
    assert_ok(buf_add_str(&wire, "0\r\n\r\n"));
    CLEANUP(http_script_release) struct http_script s = HTTP_SCRIPT_INIT(buf_str(&wire));
    assert_ok(play(&s, &reply));
    assert_int_equal(reply.body.len, BODY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_sends_a_head_alone),
        cmocka_unit_test(test_post_sends_its_body_with_type_and_length),
        cmocka_unit_test(test_token_and_accepted_type_are_headers),
        cmocka_unit_test(test_token_with_a_line_break_is_neither_sent_nor_told),
        cmocka_unit_test(test_request_with_a_line_break_is_never_sent),
        cmocka_unit_test(test_stream_errors_keep_their_code),
        cmocka_unit_test(test_reply_in_every_framing_and_split_gives_its_body),
        cmocka_unit_test(test_date_is_read_from_the_head_in_every_split),
        cmocka_unit_test(test_date_that_is_absent_wrong_or_a_trailer_is_none),
        cmocka_unit_test(test_date_behind_an_empty_header_is_read),
        cmocka_unit_test(test_retry_after_is_read_where_it_has_seconds),
        cmocka_unit_test(test_body_that_is_secret_is_kept_as_one_up_to_its_limit),
        cmocka_unit_test(test_interim_replies_are_skipped),
        cmocka_unit_test(test_what_follows_the_reply_is_not_looked_at),
        cmocka_unit_test(test_garbage_is_a_protocol_error),
        cmocka_unit_test(test_wrong_chunks_are_protocol_errors),
        cmocka_unit_test(test_reply_cut_anywhere_is_unavailable),
        cmocka_unit_test(test_reply_with_any_bit_changed_is_refused_or_in_bounds),
        cmocka_unit_test(test_body_at_its_limit_is_taken_and_one_byte_more_is_not),
        cmocka_unit_test(test_head_at_its_limit_is_taken_and_one_byte_more_is_not),
        cmocka_unit_test(test_reply_without_end_is_given_up),
        cmocka_unit_test(test_chunks_of_one_byte_fill_the_body_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
