/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/unit/agent/check_fixture.h"
#include "transport/address.h"

static struct host_ca ca;
static struct fake_cluster *fc;
static char address[ADDRESS_TEXT_SIZE];
static struct config config;
static const struct check_subject subject = {.config = &config, .file = "t.yaml"};
static size_t n_begun;
static const char *date; /* a header line of every HTTP reply */

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    (void)arg;
    CLEANUP(freep) char *pem = host_ca_pem(&ca);
    const struct msg_ping_reply ping = {.cluster_name = "example", .server_version = "17.4.2"};
    if (strcmp(call->method, METHOD_PING) == 0)
        err_free(msg_ping_reply_encode(&ping, &answer->reply));
    else if (strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0)
        err_free(msg_cluster_ca_encode(&(struct msg_cluster_ca){.tls_ca = pem}, &answer->reply));
    else if (strcmp(call->method, METHOD_GET_CURRENT_USER) == 0)
        err_free(msg_user_encode(&(struct msg_user){.name = "bot-test"}, &answer->reply));
    else
        answer->status = 12;
}

static void handle_http(void *arg, const char *request, struct buf *reply)
{
    (void)arg, (void)request;
    err_free(buf_printf(reply, "HTTP/1.1 404 Not Found\r\n%sContent-Length: 0\r\n\r\n", date));
}

static void count_begun(void *arg, const char *name, const char *where)
{
    (void)arg;
    assert_true(*name && *where);
    n_begun++;
}

static struct mono real_mono(const struct clock *c)
{
    (void)c;
    return clock_mono(clock_system());
}

static int set_up(void **state)
{
    host_ca_init(&ca, "example");
    fc = fake_cluster_start(
        &(struct fake_cluster_config){.ca = &ca, .handle = handle, .handle_http = handle_http});
    snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)fake_cluster_port(fc));
    config = (struct config){.auth_server = address};
    n_begun = 0;
    date = "";
    check_set_up(state);
    struct check_fixture *f = *state;
    f->clock.clock.mono = real_mono;
    f->sink.begin = count_begun;
    return 0;
}

static int tear_down(void **state)
{
    fake_cluster_stop(fc);
    config_onboarding_release(&config.onboarding);
    host_ca_release(&ca);
    return check_tear_down(state);
}

static void give_pin(void)
{
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(ca.cert, &pin));
    assert_ok(strlist_add(&config.onboarding.ca_pins, pin_format(&pin, text)));
}

static void give_identity(struct check *c)
{
    CLEANUP(credentials_freep) struct credentials *made = fixture_credentials(&(struct fixture){0});
    CLEANUP(strlist_release) struct strlist cas = {0};
    CLEANUP(freep) char *pem = host_ca_pem(&ca);
    assert_ok(strlist_add(&cas, pem));
    assert_ok(credentials_with_cas(made, &cas, credentials_ssh_cas(made), &c->stored));
}

static void connect_it(struct check_fixture *f)
{
    check_connect(&f->check, &subject, dur_s(20));
}

static void test_member_goes_as_itself_and_needs_no_token(void **state)
{
    struct check_fixture *f = *state;
    give_identity(&f->check);
    connect_it(f);
    expect_all_well(f);
    expect(f, "proxy", CHECK_OK, "no HTTP proxy");
    expect(f, "certificate", CHECK_OK, "stored identity");
    expect(f, "ping", CHECK_OK, "knows bot 'test'");
    expect(f, "join", CHECK_OK, "not needed");
    assert_true(n_begun >= 4);
    for (size_t i = 0; i < f->len; i++)
        assert_true(f->findings[i].is_step);
}

static void test_stranger_comes_to_where_a_join_begins(void **state)
{
    struct check_fixture *f = *state;
    give_pin();
    f->check.needs_token = f->check.has_token = true;
    connect_it(f);
    expect_all_well(f);
    expect(f, "certificate", CHECK_OK, "'ca_pins'");
    expect(f, "join", CHECK_OK, "shown to nobody");
}

/* A start with a new token joins first: what counts then is what a stranger knows. */
static void test_new_token_makes_a_stranger_of_a_member(void **state)
{
    struct check_fixture *f = *state;
    give_identity(&f->check);
    f->check.needs_token = f->check.has_token = true;
    connect_it(f);
    expect(f, "certificate", CHECK_WARNING, "nobody vouches");
}

static void test_stranger_without_a_token_fails_at_the_join(void **state)
{
    struct check_fixture *f = *state;
    give_pin();
    f->check.needs_token = true;
    connect_it(f);
    expect(f, "ping", CHECK_OK, "");
    expect(f, "join", CHECK_FAILED, "there is no token");
}

static void test_way_that_ends_leaves_the_join_untried(void **state)
{
    struct check_fixture *f = *state;
    char nobody[] = "127.0.0.1:1";
    config.auth_server = nobody;
    f->check.needs_token = f->check.has_token = true;
    connect_it(f);
    const struct finding *x = expect(f, "tcp", CHECK_FAILED, "Connection refused");
    assert_string_equal(x->code, "unavailable");
    assert_string_equal(x->subject, nobody);
    assert_non_null(find(f, "ping", CHECK_NOT_TRIED, "tcp"));
    assert_non_null(find(f, "join", CHECK_NOT_TRIED, ""));
}

static void test_clock_that_is_off_warns_and_says_by_how_much(void **state)
{
    struct check_fixture *f = *state;
    static const struct {
        const char *date, *text;
        enum check_status status;
    } cases[] = {
        {"Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n", "this machine's is", CHECK_OK},
        {"Date: Fri, 02 Jan 2026 03:03:25 GMT\r\n", "ahead of the server's", CHECK_OK},
        {"Date: Fri, 02 Jan 2026 06:04:05 GMT\r\n", "is 3h", CHECK_WARNING},
        {"Date: Fri, 02 Jan 2026 02:04:00 GMT\r\n", "is 1h", CHECK_WARNING},
        {"Date: Fri, 02 Jan 2032 03:04:05 GMT\r\n", "behind", CHECK_WARNING},
        {"Date: never\r\n", "not measurable", CHECK_NOT_TRIED},
    };
    give_identity(&f->check);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        date = cases[i].date;
        fake_cluster_sync(fc);
        f->len = 0;
        connect_it(f);
        const struct finding *x = expect(f, "clock", cases[i].status, cases[i].text);
        assert_true(x->status != CHECK_WARNING || strstr(x->hint, "NTP"));
    }
    assert_int_equal(f->check.failed, 0);
}

static char *https_proxy(const char *name)
{
    static char value[] = "http://127.0.0.1:9";
    return strcmp(name, "HTTPS_PROXY") == 0 ? value : NULL;
}

static void test_what_start_refuses_is_not_gone(void **state)
{
    struct check_fixture *f = *state;
    char far[] = "far.example:3025";
    config.auth_server = far;
    f->check.getenv = https_proxy;
    connect_it(f);
    assert_int_equal(f->len, 1);
    assert_non_null(find(f, "connect", CHECK_NOT_TRIED, "environment"));
    check_connect(&f->check, &(struct check_subject){.file = "t.yaml"}, dur_s(1));
    assert_non_null(find(f, "connect", CHECK_NOT_TRIED, "configuration"));
    assert_int_equal(fake_cluster_connections(fc), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_member_goes_as_itself_and_needs_no_token),
        TEST(test_stranger_comes_to_where_a_join_begins),
        TEST(test_new_token_makes_a_stranger_of_a_member),
        TEST(test_stranger_without_a_token_fails_at_the_join),
        TEST(test_way_that_ends_leaves_the_join_untried),
        TEST(test_clock_that_is_off_warns_and_says_by_how_much),
        TEST(test_what_start_refuses_is_not_gone),
    };
    return fake_cluster_run_tests("agent/check_connect", tests);
}
