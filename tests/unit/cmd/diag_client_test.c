/* SPDX-License-Identifier: Apache-2.0 */
/* Against an agent that plays a part: it answers one request with a given text. */
#include "cmd/diag_client.h"

#include "base/tls.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/base/tls_fixture.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define REQUEST_SIZE 4096

struct world {
    struct temp_dir dir;
    struct globals globals;
    struct diag_options options;
    struct diag_client client;
    char socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)], address[64];
    int listener;
    const char *reply;
    char request[REQUEST_SIZE];
    char https[80];
    struct tls_server *tls;
    pthread_t thread;
};

static int make_world(void **state)
{
    static struct world w;
    w = (struct world){.dir = temp_dir_make(), .listener = -1};
    w.options.globals = &w.globals;
    snprintf(w.socket_path, sizeof(w.socket_path), "%s", temp_dir_join(&w.dir, "diag.sock"));
    *state = &w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    diag_client_release(&w->client);
    tls_server_free(w->tls);
    closep(&w->listener);
    temp_dir_remove(&w->dir);
    return 0;
}

static void listen_at_socket(struct world *w)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", w->socket_path);
    w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(w->listener, 4), 0);
    w->options.diag_socket = w->socket_path;
}

static void listen_at_port(struct world *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(w->listener, 4), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *)&at, &len), 0);
    snprintf(w->address, sizeof(w->address), "127.0.0.1:%u", ntohs(at.sin_port));
    w->options.diag_addr = w->address;
}

static void *answer_once(void *arg)
{
    struct world *w = arg;
    CLEANUP(closep) int fd = accept(w->listener, NULL, NULL);
    size_t len = 0;
    while (!strstr(w->request, "\r\n\r\n") && len < REQUEST_SIZE - 1) {
        ssize_t n = recv(fd, w->request + len, REQUEST_SIZE - 1 - len, 0);
        if (n <= 0)
            return NULL;
        len += (size_t)n;
    }
    (void)!send(fd, w->reply, strlen(w->reply), MSG_NOSIGNAL);
    return NULL;
}

/* One question, answered with `reply`. */
static struct err *ask(struct world *w, const char *reply, struct http_reply *ret)
{
    const struct diag_question q = {.method = "GET", .path = "/status", .limit = dur_s(30)};
    w->reply = reply;
    assert_ok(diag_client_init(&w->client, &w->options));
    assert_int_equal(pthread_create(&w->thread, NULL, answer_once, w), 0);
    struct err *e = diag_client_ask(&w->client, &q, ret);
    pthread_join(w->thread, NULL);
    return e;
}

static void assert_hint(struct err *e, enum err_code code, const char *hint)
{
    assert_int_equal(err_code(e), code);
    assert_non_null(err_hint(e));
    if (!strstr(err_hint(e), hint))
        fail_msg("hint: %s", err_hint(e));
    err_free(e);
}

/* --- asking --- */

static void test_answer_comes_over_the_socket(void **state)
{
    struct world *w = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    listen_at_socket(w);
    assert_ok(ask(w, "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}", &reply));
    assert_int_equal(reply.status, 503);
    assert_string_equal(buf_str(&reply.body), "{}");
    assert_non_null(strstr(w->request, "GET /status HTTP/1.1\r\nHost: localhost\r\n"));
}

static void test_answer_comes_over_tcp_with_the_token_shown(void **state)
{
    struct world *w = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    char host[80];
    listen_at_port(w);
    temp_dir_write(&w->dir, "token", "  s3cret\n");
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "token"));
    w->options.token_file = file;
    assert_ok(ask(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &reply));
    snprintf(host, sizeof(host), "Host: %s\r\n", w->address);
    assert_non_null(strstr(w->request, host));
    assert_non_null(strstr(w->request, "Authorization: Bearer s3cret\r\n"));
}

/* The socket's peer check says who we are: a token would only be one more place for it to be. */
static void test_token_is_not_shown_to_a_socket(void **state)
{
    struct world *w = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    listen_at_socket(w);
    w->options.token_file = "/nonexistent/token";
    assert_ok(ask(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &reply));
    assert_null(strstr(w->request, "Authorization"));
}

static void test_refusal_says_what_would_help(void **state)
{
    static const struct {
        const char *reply;
        bool has_token;
        const char *hint;
    } cases[] = {
        {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", false, "--token FILE"},
        {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", true, "none of those the agent knows"},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", false, "local socket"},
        {"HTTP/1.1 421 No\r\nContent-Length: 0\r\n\r\n", false, "local socket"},
    };
    struct world *w = *state;
    listen_at_port(w);
    temp_dir_write(&w->dir, "token", "s3cret");
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "token"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        diag_client_release(&w->client);
        memset(w->request, 0, sizeof(w->request));
        w->options.token_file = cases[i].has_token ? file : NULL;
        assert_hint(ask(w, cases[i].reply, &reply), ERR_DENIED, cases[i].hint);
    }
}

static void test_what_was_not_asked_for_is_told_in_the_agents_words(void **state)
{
    struct world *w = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    listen_at_socket(w);
    assert_ok(ask(w,
                  "HTTP/1.1 409 No\r\n\r\n"
                  "{\"error\": \"the agent stops\", \"hint\": \"Wait\\u001b.\"}",
                  &reply));
    struct err *e = diag_client_unexpected(&w->client, &reply);
    CLEANUP(freep) char *text = err_text(e);
    assert_non_null(strstr(text, "the agent stops"));
    assert_hint(e, ERR_REJECTED, "Wait?.");
}

/* --- over TLS --- */

static const struct ctx forever = {.deadline = {INT64_MAX}};

static void *answer_over_tls(void *arg)
{
    struct world *w = arg;
    struct ctx ctx = forever;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    int fd = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    size_t len = 0, n = 1;
    ctx.clock = clock_system();
    CLEANUP(err_freep) struct err *e = tls_accept(fd, w->tls, &ctx, &tls);
    while (!e && n > 0 && !strstr(w->request, "\r\n\r\n")) {
        e = tls_read(tls, w->request + len, REQUEST_SIZE - 1 - len, &ctx, &n);
        len += e ? 0 : n;
    }
    if (!e)
        e = tls_write_all(tls, w->reply, strlen(w->reply), &ctx);
    return NULL;
}

/* One question to an agent whose certificate `id` is; --ca names `ca`, if there is one. */
static struct err *ask_over_tls(struct world *w, const struct identity *id,
                                const struct identity *ca, struct http_reply *ret)
{
    const struct diag_question q = {.method = "GET", .path = "/status", .limit = dur_s(30)};
    const struct tls_server_config config = {.cert = id->cert, .key = id->key};
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    assert_ok(tls_server_new(&config, &w->tls));
    assert_ok(x509_to_pem(ca->cert, &pem));
    temp_dir_write(&w->dir, "ca.pem", buf_str(&pem));
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "ca.pem"));
    listen_at_port(w);
    snprintf(w->https, sizeof(w->https), "https://%s", w->address);
    w->options.diag_addr = w->https;
    w->options.ca = file;
    w->reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    assert_ok(diag_client_init(&w->client, &w->options));
    assert_int_equal(pthread_create(&w->thread, NULL, answer_over_tls, w), 0);
    struct err *e = diag_client_ask(&w->client, &q, ret);
    pthread_join(w->thread, NULL);
    return e;
}

static struct identity make_identity(const char *san)
{
    return identity_make(&(struct identity_spec){.name = "agent",
                                                 .san = san,
                                                 .not_before = "20200101000000Z",
                                                 .not_after = "21000101000000Z"});
}

static void test_answer_comes_over_tls_from_whom_the_ca_vouches_for(void **state)
{
    struct world *w = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    CLEANUP(identity_release) struct identity id = make_identity("IP:127.0.0.1");
    temp_dir_write(&w->dir, "token", "s3cret");
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "token"));
    w->options.token_file = file;
    assert_ok(ask_over_tls(w, &id, &id, &reply));
    assert_string_equal(buf_str(&reply.body), "{}");
    assert_non_null(strstr(w->request, "Authorization: Bearer s3cret\r\n"));
}

/* Nor is anything said to it, least of all the token. */
static void test_stranger_and_wrong_name_are_not_trusted(void **state)
{
    struct world *w = *state;
    CLEANUP(identity_release) struct identity id = make_identity("IP:127.0.0.1");
    CLEANUP(identity_release) struct identity other = make_identity("IP:127.0.0.1");
    CLEANUP(identity_release) struct identity elsewhere = make_identity("IP:127.0.0.2");
    const struct identity *const cases[][2] = {{&id, &other}, {&elsewhere, &elsewhere}};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(http_reply_release) struct http_reply reply = {0};
        assert_hint(ask_over_tls(w, cases[i][0], cases[i][1], &reply), ERR_UNTRUSTED,
                    "'--ca FILE'");
        assert_string_equal(w->request, "");
        diag_client_release(&w->client);
        tls_server_free(TAKE(w->tls));
        close(TAKE_FD(w->listener));
    }
}

/* --- an agent that cannot be asked --- */

static void test_no_socket_asks_whether_the_agent_runs(void **state)
{
    struct world *w = *state;
    const struct diag_question q = {.method = "GET", .path = "/", .limit = dur_s(30)};
    struct http_reply reply = {0};
    w->options.diag_socket = w->socket_path;
    assert_ok(diag_client_init(&w->client, &w->options));
    struct err *e = diag_client_ask(&w->client, &q, &reply);
    CLEANUP(freep) char *text = err_text(e);
    assert_non_null(strstr(text, w->socket_path));
    assert_non_null(strstr(text, "No such file"));
    assert_hint(e, ERR_UNAVAILABLE, "Is the agent running?");
}

static void test_socket_nobody_listens_on_says_so(void **state)
{
    struct world *w = *state;
    const struct diag_question q = {.method = "GET", .path = "/", .limit = dur_s(30)};
    struct http_reply reply = {0};
    listen_at_socket(w);
    close(TAKE_FD(w->listener));
    assert_ok(diag_client_init(&w->client, &w->options));
    assert_hint(diag_client_ask(&w->client, &q, &reply), ERR_UNAVAILABLE, "does not run any more");
}

static void test_socket_of_another_user_names_that_user(void **state)
{
    struct world *w = *state;
    const struct diag_question q = {.method = "GET", .path = "/", .limit = dur_s(30)};
    struct http_reply reply = {0};
    if (geteuid() == 0)
        skip(); /* nothing is forbidden to root */
    listen_at_socket(w);
    assert_int_equal(chmod(w->socket_path, 0), 0);
    assert_ok(diag_client_init(&w->client, &w->options));
    assert_hint(diag_client_ask(&w->client, &q, &reply), ERR_DENIED, "sudo -u");
}

static void test_silent_agent_is_a_timeout(void **state)
{
    struct world *w = *state;
    const struct diag_question q = {.method = "GET", .path = "/", .limit = dur_ms(20)};
    struct http_reply reply = {0};
    listen_at_socket(w);
    assert_ok(diag_client_init(&w->client, &w->options));
    assert_fails(diag_client_ask(&w->client, &q, &reply), ERR_TIMEOUT, w->socket_path);
}

/* --- what the options name --- */

static void test_token_file_holds_one_word(void **state)
{
    static const struct {
        const char *content, *why;
    } cases[] = {
        {"", "is empty"},
        {" \n", "is empty"},
        {"s3cret more", "more than one word"},
        {"s3cret\r\nX: y", "more than one word"},
    };
    struct world *w = *state;
    w->options.diag_addr = "127.0.0.1:3001";
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        temp_dir_write(&w->dir, "token", cases[i].content);
        CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "token"));
        w->options.token_file = file;
        struct err *e = diag_client_init(&w->client, &w->options);
        CLEANUP(freep) char *text = err_text(e);
        assert_null(strstr(text, "s3cret"));
        assert_fails(e, ERR_USAGE, cases[i].why);
    }
}

static void test_token_does_not_cross_the_network_in_the_clear(void **state)
{
    static const struct {
        const char *address;
        bool is_refused;
    } cases[] = {
        {"node7:3001", true},
        {"http://10.0.0.7:3001", true},
        {"http://[2001:db8::7]:3001", true},
        {"https://node7:3001", false},
        {"localhost:3001", false},
        {"127.0.0.9:3001", false},
        {"http://[::1]:3001", false},
        {":3001", false},
    };
    struct world *w = *state;
    temp_dir_write(&w->dir, "token", "s3cret");
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "token"));
    w->options.token_file = file;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        diag_client_release(&w->client);
        w->options.diag_addr = cases[i].address;
        struct err *e = diag_client_init(&w->client, &w->options);
        if (cases[i].is_refused)
            assert_fails(e, ERR_USAGE, "unencrypted");
        else
            assert_ok(e);
    }
}

static void test_ca_is_read_for_https_alone(void **state)
{
    struct world *w = *state;
    temp_dir_write(&w->dir, "ca.pem", "no certificate");
    CLEANUP(freep) char *file = strdup(temp_dir_join(&w->dir, "ca.pem"));
    w->options.ca = file;
    w->options.diag_addr = "127.0.0.1:3001";
    assert_fails(diag_client_init(&w->client, &w->options), ERR_USAGE, "about https://");
    w->options.diag_addr = "https://127.0.0.1:3001";
    assert_fails(diag_client_init(&w->client, &w->options), ERR_USAGE, file);
}

static void test_names_are_encoded_in_paths(void **state)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(256);
    (void)state;
    assert_ok(diag_client_path("/readyz/", "a-1_Z.~", &out));
    assert_ok(diag_client_path("/", "../a b?\r\ng\xc3\xb6", &out));
    assert_string_equal(buf_str(&out), "/readyz/a-1_Z.~/..%2Fa%20b%3F%0D%0Ag%C3%B6");
}

/* The table of the manual page. */
static void test_exit_codes_are_as_promised(void **state)
{
    static const struct {
        enum err_code code;
        enum diag_exit exit;
    } cases[] = {
        {ERR_OK, 0},        {ERR_USAGE, 2},     {ERR_CONFIG, 2},   {ERR_UNAVAILABLE, 3},
        {ERR_DENIED, 3},    {ERR_UNTRUSTED, 3}, {ERR_EXPIRED, 3},  {ERR_PROTOCOL, 3},
        {ERR_NOT_FOUND, 3}, {ERR_TIMEOUT, 4},   {ERR_REJECTED, 1}, {ERR_STORAGE, 1},
        {ERR_NOMEM, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(err_freep) struct err *e = NULL;
        if (cases[i].code != ERR_OK)
            e = err_new(cases[i].code, "x");
        assert_int_equal(diag_options_exit(e), cases[i].exit);
    }
}

#define IN_WORLD(test_) cmocka_unit_test_setup_teardown(test_, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_answer_comes_over_the_socket),
        IN_WORLD(test_answer_comes_over_tcp_with_the_token_shown),
        IN_WORLD(test_token_is_not_shown_to_a_socket),
        IN_WORLD(test_refusal_says_what_would_help),
        IN_WORLD(test_what_was_not_asked_for_is_told_in_the_agents_words),
        IN_WORLD(test_answer_comes_over_tls_from_whom_the_ca_vouches_for),
        IN_WORLD(test_stranger_and_wrong_name_are_not_trusted),
        IN_WORLD(test_no_socket_asks_whether_the_agent_runs),
        IN_WORLD(test_socket_nobody_listens_on_says_so),
        IN_WORLD(test_socket_of_another_user_names_that_user),
        IN_WORLD(test_silent_agent_is_a_timeout),
        IN_WORLD(test_token_file_holds_one_word),
        IN_WORLD(test_token_does_not_cross_the_network_in_the_clear),
        IN_WORLD(test_ca_is_read_for_https_alone),
        cmocka_unit_test(test_names_are_encoded_in_paths),
        cmocka_unit_test(test_exit_codes_are_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
