/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/walk.h"

#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <netdb.h>
#include <stdio.h>

#define EVENTS_MAX 32
#define FIND "{\"cluster_name\":\"example\",\"server_version\":\"17.4.2\",\"proxy\":{}}"

/* Nobody is asked for names that do not exist. */
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    return strstr(host, ".invalid") ? EAI_NONAME : __real_getaddrinfo(host, port, hints, ret);
}

struct seen {
    enum walk_step step;
    enum walk_status status;
    enum err_code code;
    char where[256], text[1024], hint[512];
    struct wall shown;
};

struct world {
    struct host_ca ca, foreign;
    struct fake_cluster_config server;
    struct fake_cluster *fc;
    struct fake_clock clock;
    struct temp_dir dir;
    const char *_Atomic version; /* read by the server's threads */
    const char *date;            /* header line, or "" */
    const char *find;            /* body; NULL: a 404 */
    const char *refusal;         /* text for every call of ours; NULL: none */
    int status;                  /* of it */

    struct walk_config config;
    struct walk_watch watch;
    struct strlist pins;
    struct seen events[EVENTS_MAX];
    size_t len, n_begun;
};

/* --- the server --- */

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    const struct world *w = arg;
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    const struct msg_ping_reply ping = {.cluster_name = "example", .server_version = w->version};
    const struct msg_cluster_ca ca = {.tls_ca = pem};
    const struct msg_user user = {.name = "bot-test"};
    if (strcmp(call->method, METHOD_PING) == 0) {
        err_free(msg_ping_reply_encode(&ping, &answer->reply));
    } else if (strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0) {
        err_free(msg_cluster_ca_encode(&ca, &answer->reply));
    } else if (w->refusal) {
        answer->status = w->status;
        answer->text = w->refusal;
    } else if (strcmp(call->method, METHOD_GET_CURRENT_USER) == 0) {
        err_free(msg_user_encode(&user, &answer->reply));
    } else {
        answer->status = 12;
        answer->text = "a call that no walk makes";
    }
}

static void handle_http(void *arg, const char *request, struct buf *reply)
{
    const struct world *w = arg;
    bool is_find = strncmp(request, "GET /webapi/find ", 17) == 0 && w->find;
    const char *body = is_find ? w->find : "{}";
    err_free(buf_printf(reply, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                        is_find ? "200 OK" : "404 Not Found", w->date, strlen(body), body));
}

/* --- the walker --- */

static void on_begin(void *arg, enum walk_step step, const char *where)
{
    struct world *w = arg;
    assert_true(step < WALK_STEP_COUNT);
    assert_true(*where);
    w->n_begun++;
}

static void on_end(void *arg, const struct walk_event *e)
{
    struct world *w = arg;
    assert_true(w->len < EVENTS_MAX);
    struct seen *s = &w->events[w->len++];
    *s = (struct seen){.step = e->step, .status = e->status, .code = e->code, .shown = e->shown};
    snprintf(s->where, sizeof(s->where), "%s", e->where);
    snprintf(s->text, sizeof(s->text), "%s", e->text);
    snprintf(s->hint, sizeof(s->hint), "%s", e->hint ? e->hint : "");
    assert_true(e->took.ns >= 0);
    if ((e->status == WALK_FAILED || e->status == WALK_WARNING) && !e->hint)
        fail_msg("no remedy: %s: %s", walk_step_name(e->step), e->text);
}

static int set_up(void **state)
{
    static const char *const alpn[] = {"h2", "http/1.1", "teleport-reversetunnel", NULL};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    host_ca_init(&w->ca, "example");
    host_ca_init(&w->foreign, "elsewhere");
    fake_clock_init(&w->clock, "2026-01-02T03:04:05Z");
    w->dir = temp_dir_make();
    w->version = "17.4.2";
    w->date = "";
    w->find = FIND;
    w->server = (struct fake_cluster_config){
        .ca = &w->ca, .alpn = alpn, .handle = handle, .handle_http = handle_http, .arg = w};
    w->watch = (struct walk_watch){.begin = on_begin, .end = on_end, .arg = w};
    w->config = (struct walk_config){.limit = dur_s(20), .watch = &w->watch, .ca_pins = &w->pins};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    if (w->fc)
        fake_cluster_stop(w->fc);
    credentials_free(w->config.creds);
    strlist_release(&w->pins);
    temp_dir_remove(&w->dir);
    host_ca_release(&w->ca);
    host_ca_release(&w->foreign);
    free(w);
    return 0;
}

/* An identity that trusts `ca`. */
static void give_identity(struct world *w, const struct host_ca *ca)
{
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&(struct fixture){0});
    CLEANUP(strlist_release) struct strlist cas = {0};
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    assert_ok(strlist_add(&cas, pem));
    assert_ok(credentials_with_cas(c, &cas, credentials_ssh_cas(c), &w->config.creds));
}

static void give_pin(struct world *w, const struct host_ca *ca)
{
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(ca->cert, &pin));
    assert_ok(strlist_add(&w->pins, pin_format(&pin, text)));
}

static void begin(struct world *w, enum path_kind kind)
{
    w->fc = fake_cluster_start(&w->server);
    w->config.kind = kind;
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
}

/* Deadlines are real ones; what time it is, the test says. */
static struct mono real_mono(const struct clock *c)
{
    (void)c;
    return clock_mono(clock_system());
}

static bool walk(struct world *w)
{
    w->clock.clock.mono = real_mono;
    const struct ctx ctx = {&w->clock.clock, NULL, MONO_NEVER};
    return walk_run(&w->config, &ctx);
}

static const struct seen *expect(const struct world *w, enum walk_step step,
                                 enum walk_status status, const char *part)
{
    for (size_t i = 0; i < w->len; i++) {
        const struct seen *s = &w->events[i];
        if (s->step == step && s->status == status && strstr(s->text, part))
            return s;
    }
    for (size_t i = 0; i < w->len; i++)
        print_error("%s %d: %s\n", walk_step_name(w->events[i].step), (int)w->events[i].status,
                    w->events[i].text);
    fail_msg("no %s with status %d and '%s'", walk_step_name(step), (int)status, part);
    return NULL;
}

static void expect_all_ok(const struct world *w)
{
    for (size_t i = 0; i < w->len; i++)
        if (w->events[i].status != WALK_OK && w->events[i].step != WALK_CLOCK)
            fail_msg("%s: %s", walk_step_name(w->events[i].step), w->events[i].text);
}

/* The steps behind the one that failed. */
static void expect_rest_not_tried(const struct world *w, enum walk_step failed)
{
    for (enum walk_step step = failed + 1; step < WALK_STEP_COUNT; step++)
        expect(w, step, WALK_NOT_TRIED, walk_step_name(failed));
}

/* --- with an identity --- */

static void test_every_step_is_told_once_and_in_order(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->ca);
    w->date = "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n";
    begin(w, PATH_AUTH);
    assert_true(walk(w));
    expect_all_ok(w);
    assert_int_equal(w->len, WALK_STEP_COUNT);
    for (size_t i = 0; i < w->len; i++)
        assert_int_equal(w->events[i].step, i);
    expect(w, WALK_RESOLVE, WALK_OK, "is an address");
    expect(w, WALK_TLS, WALK_OK, "TLSv1.3, protocol 'h2'");
    expect(w, WALK_CERTIFICATE, WALK_OK, "the stored identity, valid until 2096-10-02T07:06:40Z");
    expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    assert_int_equal(wall_to_unix(expect(w, WALK_CLOCK, WALK_OK, "")->shown), 1767323045);
    expect(w, WALK_ROUTE, WALK_OK, "direct");
    expect(w, WALK_PING, WALK_OK, "Teleport 17.4.2, cluster 'example', knows bot 'test'");
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-test");
}

static void test_through_a_proxy_the_cluster_itself_answers(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->ca);
    begin(w, PATH_PROXY);
    assert_true(walk(w));
    expect_all_ok(w);
    expect(w, WALK_ROUTE, WALK_OK, "tls-routing");
    expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    /* Its web certificate leads to no authority of this system. */
    expect(w, WALK_CLOCK, WALK_NOT_TRIED, "not measurable");
}

static void test_name_that_does_not_exist_ends_there(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->ca);
    begin(w, PATH_AUTH);
    snprintf(w->config.address.host, sizeof(w->config.address.host), "nowhere.invalid");
    assert_false(walk(w));
    const struct seen *s = expect(w, WALK_RESOLVE, WALK_FAILED, "nowhere.invalid");
    assert_int_equal(s->code, ERR_NOT_FOUND);
    assert_non_null(strstr(s->hint, "host name"));
    expect_rest_not_tried(w, WALK_RESOLVE);
}

static void test_refused_port_ends_there(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->ca);
    begin(w, PATH_AUTH);
    fake_cluster_stop(TAKE(w->fc));
    assert_false(walk(w));
    const struct seen *s = expect(w, WALK_TCP, WALK_FAILED, "Connection refused");
    assert_non_null(strstr(s->hint, "Nothing listens there"));
    expect(w, WALK_RESOLVE, WALK_OK, "");
    expect_rest_not_tried(w, WALK_TCP);
}

/* A server of that kind, and how the step ends. */
static const struct seen *expect_end(struct world *w, enum fake_kind kind, enum walk_step step,
                                     const char *part)
{
    give_identity(w, &w->ca);
    w->server.kind = kind;
    begin(w, PATH_AUTH);
    assert_false(walk(w));
    const struct seen *s = expect(w, step, WALK_FAILED, part);
    expect_rest_not_tried(w, step);
    return s;
}

static void test_server_that_never_answers_ends_at_the_limit(void **state)
{
    struct world *w = *state;
    w->config.limit = dur_ms(100);
    const struct seen *s = expect_end(w, FAKE_SILENT, WALK_TLS, "timed out");
    assert_int_equal(s->code, ERR_TIMEOUT);
    assert_non_null(strstr(s->hint, "does not answer"));
}

static void test_other_protocols_are_not_tls(void **state)
{
    struct world *w = *state;
    const struct seen *s = expect_end(w, FAKE_GARBAGE, WALK_TLS, "does not speak TLS");
    assert_non_null(strstr(s->hint, "port"));
}

static void test_wrong_alpn_is_told_apart(void **state)
{
    struct world *w = *state;
    static const char *const web[] = {"http/1.1", NULL};
    w->server.alpn = web;
    const struct seen *s = expect_end(w, FAKE_CLUSTER, WALK_TLS, "no application protocol");
    assert_int_equal(s->code, ERR_PROTOCOL);
    assert_non_null(strstr(s->hint, "ALPN"));
}

static void test_server_that_shakes_hands_only_fails_the_ping(void **state)
{
    struct world *w = *state;
    w->config.limit = dur_ms(200);
    const struct seen *s = expect_end(w, FAKE_TLS_SILENT, WALK_PING, "timed out");
    assert_non_null(strstr(s->hint, "takes connections"));
    expect(w, WALK_CLOCK, WALK_NOT_TRIED, "not measurable");
}

static void test_foreign_certificate_is_not_trusted(void **state)
{
    struct world *w = *state;
    w->server.ca = &w->foreign;
    const struct seen *s = expect_end(w, FAKE_CLUSTER, WALK_CERTIFICATE, "is not trusted");
    assert_int_equal(s->code, ERR_UNTRUSTED);
    expect(w, WALK_TLS, WALK_OK, "as far as");
}

static void test_expired_certificate_is_told_apart(void **state)
{
    struct world *w = *state;
    w->server.not_after = 1767300000;
    const struct seen *s = expect_end(w, FAKE_CLUSTER, WALK_CERTIFICATE, "expired at");
    assert_int_equal(s->code, ERR_EXPIRED);
    assert_non_null(strstr(s->hint, "clock"));
}

static void test_foreign_certificate_at_a_proxy_asks_for_a_load_balancer(void **state)
{
    struct world *w = *state;
    static const char *const web[] = {"h2", "http/1.1", NULL};
    give_identity(w, &w->foreign);
    w->server.alpn = web;
    begin(w, PATH_PROXY);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_FAILED, "is not trusted");
    expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
}

static void test_refusals_of_the_cluster_fail_the_ping(void **state)
{
    struct world *w = *state;
    static const struct {
        int status;
        const char *text, *hint;
        enum err_code code;
    } cases[] = {
        {7, "lock targeting User:bot-test is in force", "tctl get locks", ERR_LOCKED},
        {7, "access denied", "new token", ERR_DENIED},
        {12, "unknown", "Teleport cluster", ERR_UNIMPLEMENTED},
    };
    give_identity(w, &w->ca);
    begin(w, PATH_AUTH);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        w->refusal = cases[i].text;
        w->status = cases[i].status;
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_false(walk(w));
        const struct seen *s = expect(w, WALK_PING, WALK_FAILED, cases[i].text);
        assert_int_equal(s->code, cases[i].code);
        assert_non_null(strstr(s->hint, cases[i].hint));
    }
}

static void test_versions_we_do_not_know_warn(void **state)
{
    struct world *w = *state;
    static const char *const versions[] = {"14.3.1", "19.0.0-alpha"};
    give_identity(w, &w->ca);
    begin(w, PATH_AUTH);
    for (size_t i = 0; i < 2; i++) {
        w->version = versions[i];
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_true(walk(w));
        expect(w, WALK_PING, WALK_WARNING, versions[i]);
    }
}

static void test_clock_is_what_the_server_shows(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *date;
        int64_t shown;
    } cases[] = {
        {"Date: Fri, 02 Jan 2026 06:04:05 GMT\r\n", 1767333845}, {"Date: never\r\n", 0}, {"", 0}};
    give_identity(w, &w->ca);
    begin(w, PATH_AUTH);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        w->date = cases[i].date;
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_true(walk(w));
        const struct seen *s = expect(w, WALK_CLOCK, WALK_OK, "");
        assert_int_equal(wall_to_unix(s->shown), cases[i].shown);
    }
}

static void test_replaced_authority_is_vouched_for_by_a_pin(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->foreign);
    give_pin(w, &w->ca);
    begin(w, PATH_AUTH);
    assert_true(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    expect(w, WALK_CERTIFICATE, WALK_OK, "trusted through 'ca_pins'");
    expect(w, WALK_PING, WALK_OK, "knows bot");
}

static void test_replaced_authority_without_its_pin_fails(void **state)
{
    struct world *w = *state;
    give_identity(w, &w->foreign);
    give_pin(w, &w->foreign);
    begin(w, PATH_AUTH);
    assert_false(walk(w));
    const struct seen *s = expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none of the 1 pins");
    assert_non_null(strstr(s->hint, "ca_pins"));
    expect_rest_not_tried(w, WALK_CERTIFICATE);
}

/* --- as a stranger --- */

static void test_stranger_with_a_pin_trusts_the_authority(void **state)
{
    struct world *w = *state;
    give_pin(w, &w->ca);
    begin(w, PATH_AUTH);
    assert_true(walk(w));
    expect_all_ok(w);
    expect(w, WALK_CERTIFICATE, WALK_OK, "trusted through 'ca_pins'");
    expect(w, WALK_PING, WALK_OK, "cluster 'example'");
    assert_int_equal(w->len, WALK_STEP_COUNT);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "");
}

static void test_wrong_pin_fails_the_certificate(void **state)
{
    struct world *w = *state;
    give_pin(w, &w->foreign);
    begin(w, PATH_AUTH);
    assert_false(walk(w));
    const struct seen *s = expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none of the 1 pins");
    assert_non_null(strstr(s->hint, "tctl status"));
    expect_rest_not_tried(w, WALK_CERTIFICATE);
}

static void test_pinned_authority_with_an_expired_server_fails(void **state)
{
    struct world *w = *state;
    give_pin(w, &w->ca);
    w->server.not_after = 1767300000;
    begin(w, PATH_AUTH);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_FAILED, "expired at");
}

static void test_ca_file_vouches_or_fails(void **state)
{
    struct world *w = *state;
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    CLEANUP(freep) char *other = host_ca_pem(&w->foreign);
    char path[160];
    snprintf(path, sizeof(path), "%s/ca.pem", w->dir.path);
    w->config.ca_path = path;
    begin(w, PATH_AUTH);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_FAILED, "ca.pem");
    temp_dir_write(&w->dir, "ca.pem", other);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_FAILED, "is not trusted");
    temp_dir_write(&w->dir, "ca.pem", pem);
    assert_true(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_OK, "'ca_path'");
}

static void test_stranger_whom_nobody_vouches_for_warns(void **state)
{
    struct world *w = *state;
    begin(w, PATH_AUTH);
    assert_true(walk(w));
    const struct seen *s = expect(w, WALK_CERTIFICATE, WALK_WARNING, "nobody vouches");
    assert_non_null(strstr(s->hint, "ca_pins"));
}

/* The system's authorities are those of the test. */
static void trust_as_system(struct world *w, const struct host_ca *ca)
{
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    temp_dir_write(&w->dir, "system.pem", pem);
    setenv("SSL_CERT_FILE", temp_dir_join(&w->dir, "system.pem"), 1);
}

static void test_proxy_is_asked_what_it_is(void **state)
{
    struct world *w = *state;
    trust_as_system(w, &w->ca);
    w->date = "Date: Fri, 02 Jan 2026 09:04:05 GMT\r\n";
    begin(w, PATH_PROXY);
    assert_true(walk(w));
    unsetenv("SSL_CERT_FILE");
    assert_int_equal(w->len, WALK_STEP_COUNT);
    expect(w, WALK_TLS, WALK_OK, "protocol 'http/1.1'");
    expect(w, WALK_CERTIFICATE, WALK_OK, "the system's authorities");
    expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    assert_int_equal(wall_to_unix(expect(w, WALK_CLOCK, WALK_OK, "")->shown), 1767344645);
    expect(w, WALK_ROUTE, WALK_OK, "tls-routing");
    expect(w, WALK_PING, WALK_OK, "Teleport 17.4.2, cluster 'example'");
}

static void test_proxy_behind_a_load_balancer_needs_the_upgrade(void **state)
{
    struct world *w = *state;
    static const char *const web[] = {"h2", "http/1.1", NULL};
    w->server.alpn = web;
    w->config.insecure = true;
    begin(w, PATH_PROXY);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_WARNING, "nobody vouches");
    const struct seen *s = expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
    assert_non_null(strstr(s->hint, "proxy itself"));
    expect(w, WALK_ROUTE, WALK_NOT_TRIED, "upgrade");
}

/* Some say so with an alert, as above, others choose no protocol at all. */
static void test_server_that_knows_no_alpn_needs_the_upgrade(void **state)
{
    struct world *w = *state;
    static const char *const none[] = {NULL};
    w->server.alpn = none;
    w->config.insecure = true;
    begin(w, PATH_PROXY);
    assert_false(walk(w));
    expect(w, WALK_TLS, WALK_OK, "protocol 'none'");
    expect(w, WALK_UPGRADE, WALK_FAILED, "ends TLS itself");
}

static void test_web_server_that_is_no_proxy_fails_the_ping(void **state)
{
    struct world *w = *state;
    w->config.insecure = true;
    w->find = NULL;
    begin(w, PATH_PROXY);
    assert_false(walk(w));
    const struct seen *s = expect(w, WALK_PING, WALK_FAILED, "404");
    assert_non_null(strstr(s->hint, "'proxy_server'"));
    w->find = "<html>";
    fake_cluster_sync(w->fc);
    w->len = 0;
    assert_false(walk(w));
    expect(w, WALK_PING, WALK_FAILED, "find");
}

static void test_first_way_that_fails_is_a_warning_when_the_second_works(void **state)
{
    struct world *w = *state;
    give_pin(w, &w->ca);
    begin(w, PATH_UNKNOWN);
    assert_true(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    expect(w, WALK_ROUTE, WALK_OK, "direct");
    for (size_t i = 0; i < w->len; i++)
        assert_int_not_equal(w->events[i].status, WALK_FAILED);
}

static void test_both_ways_that_fail_are_a_failure(void **state)
{
    struct world *w = *state;
    give_pin(w, &w->foreign);
    begin(w, PATH_UNKNOWN);
    assert_false(walk(w));
    expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none");
    expect_rest_not_tried(w, WALK_CERTIFICATE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_step_is_told_once_and_in_order),
        TEST(test_through_a_proxy_the_cluster_itself_answers),
        TEST(test_name_that_does_not_exist_ends_there),
        TEST(test_refused_port_ends_there),
        TEST(test_server_that_never_answers_ends_at_the_limit),
        TEST(test_other_protocols_are_not_tls),
        TEST(test_wrong_alpn_is_told_apart),
        TEST(test_server_that_shakes_hands_only_fails_the_ping),
        TEST(test_foreign_certificate_is_not_trusted),
        TEST(test_expired_certificate_is_told_apart),
        TEST(test_foreign_certificate_at_a_proxy_asks_for_a_load_balancer),
        TEST(test_refusals_of_the_cluster_fail_the_ping),
        TEST(test_versions_we_do_not_know_warn),
        TEST(test_clock_is_what_the_server_shows),
        TEST(test_replaced_authority_is_vouched_for_by_a_pin),
        TEST(test_replaced_authority_without_its_pin_fails),
        TEST(test_stranger_with_a_pin_trusts_the_authority),
        TEST(test_wrong_pin_fails_the_certificate),
        TEST(test_pinned_authority_with_an_expired_server_fails),
        TEST(test_ca_file_vouches_or_fails),
        TEST(test_stranger_whom_nobody_vouches_for_warns),
        TEST(test_proxy_is_asked_what_it_is),
        TEST(test_proxy_behind_a_load_balancer_needs_the_upgrade),
        TEST(test_server_that_knows_no_alpn_needs_the_upgrade),
        TEST(test_web_server_that_is_no_proxy_fails_the_ping),
        TEST(test_first_way_that_fails_is_a_warning_when_the_second_works),
        TEST(test_both_ways_that_fail_are_a_failure),
    };
    return fake_cluster_run_tests("transport/walk", tests);
}
