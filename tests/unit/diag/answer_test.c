/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

#include "tests/support/assert_err.h"

/* 2026-01-02T03:04:05Z, and so many seconds later. */
static struct now at(int64_t s)
{
    return (struct now){{dur_s(1000 + s).ns}, wall_of_unix(1767323045 + s)};
}

struct fixture {
    struct health *h;
    struct health_service *identity, *connection;
    struct diag_facts facts;
    struct diag_answer a;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.a = DIAG_ANSWER_INIT};
    assert_ok(health_new(&f.h));
    assert_ok(health_add(f.h, "identity", HEALTH_SERVICE, at(0), &f.identity));
    assert_ok(health_add(f.h, "connection", HEALTH_PERIODIC, at(0), &f.connection));
    f.facts = (struct diag_facts){.health = f.h, .pid = 42, .with_details = true, .now = at(0)};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    diag_answer_release(&f->a);
    health_free(f->h);
    return 0;
}

static void succeed(struct fixture *f, int64_t t)
{
    health_succeeded(f->identity, "renew", at(t));
    health_succeeded(f->connection, "ping", at(t));
    health_serves(f->identity, at(3600).wall);
    f->facts.now = at(t);
}

static void break_down(struct fixture *f, int64_t t)
{
    struct err *e = err_set_hint(err_new(ERR_UNAVAILABLE, "connect '%s': refused", "10.0.0.1:3025"),
                                 "Look at the cluster.");
    health_failed(f->connection, "ping", e, at(t));
    health_plan(f->connection, at(t + 5).wall);
    err_free(e);
    f->facts.now = at(t);
}

typedef struct err *answer_fn(const struct diag_facts *f, const char *service,
                              struct diag_answer *a);

static void assert_answer(struct fixture *f, answer_fn *answer, const char *service, unsigned code,
                          const char *body)
{
    buf_clear(&f->a.body);
    assert_ok(answer(&f->facts, service, &f->a));
    assert_string_equal(buf_str(&f->a.body), body);
    assert_int_equal(f->a.code, code);
    assert_string_equal(f->a.content_type, DIAG_TYPE_JSON);
}

static void test_readyz_at_start_names_who_has_not_reported(void **state)
{
    struct fixture *f = *state;
    assert_answer(f, diag_answer_readyz, NULL, 400,
                  "{\n"
                  "  \"status\": \"identity is starting\",\n"
                  "  \"state\": \"starting\",\n"
                  "  \"state_code\": 3,\n"
                  "  \"serving\": false,\n"
                  "  \"pid\": 42,\n"
                  "  \"since\": \"2026-01-02T03:04:05Z\",\n"
                  "  \"services\": {\n"
                  "    \"identity\": {\n"
                  "      \"status\": \"initializing\",\n"
                  "      \"state\": \"starting\",\n"
                  "      \"since\": \"2026-01-02T03:04:05Z\",\n"
                  "      \"consecutive_failures\": 0\n"
                  "    },\n"
                  "    \"connection\": {\n"
                  "      \"status\": \"initializing\",\n"
                  "      \"state\": \"starting\",\n"
                  "      \"since\": \"2026-01-02T03:04:05Z\",\n"
                  "      \"consecutive_failures\": 0\n"
                  "    }\n"
                  "  }\n"
                  "}\n");
}

static void test_readyz_degraded_says_which_and_why(void **state)
{
    struct fixture *f = *state;
    succeed(f, 1);
    break_down(f, 2);
    assert_answer(f, diag_answer_readyz, NULL, 503,
                  "{\n"
                  "  \"status\": \"connection is degraded: connect '10.0.0.1:3025': refused\",\n"
                  "  \"state\": \"degraded\",\n"
                  "  \"state_code\": 2,\n"
                  "  \"serving\": true,\n"
                  "  \"pid\": 42,\n"
                  "  \"since\": \"2026-01-02T03:04:07Z\",\n"
                  "  \"services\": {\n"
                  "    \"identity\": {\n"
                  "      \"status\": \"healthy\",\n"
                  "      \"state\": \"ok\",\n"
                  "      \"since\": \"2026-01-02T03:04:06Z\",\n"
                  "      \"updated_at\": \"2026-01-02T03:04:06Z\",\n"
                  "      \"last_success\": \"2026-01-02T03:04:06Z\",\n"
                  "      \"consecutive_failures\": 0\n"
                  "    },\n"
                  "    \"connection\": {\n"
                  "      \"status\": \"unhealthy\",\n"
                  "      \"state\": \"degraded\",\n"
                  "      \"reason\": \"connect '10.0.0.1:3025': refused\",\n"
                  "      \"code\": \"unavailable\",\n"
                  "      \"hint\": \"Look at the cluster.\",\n"
                  "      \"since\": \"2026-01-02T03:04:07Z\",\n"
                  "      \"updated_at\": \"2026-01-02T03:04:07Z\",\n"
                  "      \"last_success\": \"2026-01-02T03:04:06Z\",\n"
                  "      \"consecutive_failures\": 1,\n"
                  "      \"next_attempt\": \"2026-01-02T03:04:12Z\"\n"
                  "    }\n"
                  "  }\n"
                  "}\n");
}

static void test_readyz_without_details_keeps_codes_and_states(void **state)
{
    struct fixture *f = *state;
    succeed(f, 1);
    break_down(f, 2);
    f->facts.with_details = false;
    assert_answer(f, diag_answer_readyz, NULL, 503,
                  "{\n"
                  "  \"status\": \"degraded\",\n"
                  "  \"state\": \"degraded\",\n"
                  "  \"state_code\": 2,\n"
                  "  \"serving\": true\n"
                  "}\n");
    assert_answer(f, diag_answer_readyz, "connection", 503,
                  "{\n"
                  "  \"status\": \"unhealthy\",\n"
                  "  \"state\": \"degraded\"\n"
                  "}\n");
}

static unsigned ready_code(struct fixture *f)
{
    assert_ok(diag_answer_readyz(&f->facts, NULL, &f->a));
    return f->a.code;
}

static void test_readyz_codes_follow_the_states(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ready_code(f), 400);
    succeed(f, 1);
    assert_int_equal(ready_code(f), 200);
    break_down(f, 2);
    assert_int_equal(ready_code(f), 503);
    succeed(f, 3);
    assert_int_equal(ready_code(f), 400);
    succeed(f, 14);
    assert_int_equal(ready_code(f), 200);
    health_stop(f->h, at(15));
    assert_int_equal(ready_code(f), 503);
    assert_non_null(strstr(buf_str(&f->a.body), "\"the agent is stopping\""));
}

static void test_readyz_in_tbots_form(void **state)
{
    struct fixture *f = *state;
    succeed(f, 1);
    break_down(f, 2);
    assert_answer(f, diag_answer_readyz_tbot, NULL, 503,
                  "{\n"
                  "  \"status\": \"unhealthy\",\n"
                  "  \"services\": {\n"
                  "    \"identity\": {\n"
                  "      \"status\": \"healthy\",\n"
                  "      \"updated_at\": \"2026-01-02T03:04:06Z\"\n"
                  "    },\n"
                  "    \"connection\": {\n"
                  "      \"status\": \"unhealthy\",\n"
                  "      \"reason\": \"connect '10.0.0.1:3025': refused\",\n"
                  "      \"updated_at\": \"2026-01-02T03:04:07Z\"\n"
                  "    }\n"
                  "  }\n"
                  "}\n");
    f->facts.with_details = false;
    assert_answer(f, diag_answer_readyz_tbot, NULL, 503,
                  "{\n  \"status\": \"unhealthy\",\n  \"services\": {}\n}\n");
}

static void test_readyz_in_tbots_form_of_who_has_not_reported(void **state)
{
    assert_answer(*state, diag_answer_readyz_tbot, "identity", 503,
                  "{\n  \"status\": \"initializing\",\n  \"updated_at\": null\n}\n");
}

static void test_unknown_service_is_told_as_tbot_does(void **state)
{
    static const char body[] = "{\n  \"error\": \"Service named \\\"x\\\" not found.\"\n}\n";
    assert_answer(*state, diag_answer_readyz, "x", 404, body);
    assert_answer(*state, diag_answer_readyz_tbot, "x", 404, body);
    assert_answer(*state, diag_answer_servez, "x", 404, body);
}

static void test_servez_stays_ok_through_an_outage_until_the_expiry(void **state)
{
    struct fixture *f = *state;
    succeed(f, 1);
    break_down(f, 3599);
    assert_answer(f, diag_answer_servez, NULL, 200,
                  "{\n"
                  "  \"status\": \"ok\",\n"
                  "  \"serving\": true,\n"
                  "  \"first_expiry\": \"2026-01-02T04:04:05Z\",\n"
                  "  \"services\": {\n"
                  "    \"identity\": {\n"
                  "      \"serving\": true,\n"
                  "      \"state\": \"ok\",\n"
                  "      \"expires\": \"2026-01-02T04:04:05Z\"\n"
                  "    }\n"
                  "  }\n"
                  "}\n");
    f->facts.now = at(3600);
    assert_ok(diag_answer_servez(&f->facts, NULL, &f->a));
    assert_int_equal(f->a.code, 503);
    assert_non_null(
        strstr(buf_str(&f->a.body), "the credentials of identity expired at 2026-01-02T04:04:05Z"));
}

static void test_servez_without_credentials_says_so(void **state)
{
    struct fixture *f = *state;
    assert_ok(diag_answer_servez(&f->facts, NULL, &f->a));
    assert_int_equal(f->a.code, 503);
    assert_non_null(strstr(buf_str(&f->a.body), "identity has no credentials yet"));
    f->facts.with_details = false;
    assert_answer(f, diag_answer_servez, NULL, 503,
                  "{\n  \"status\": \"not serving\",\n  \"serving\": false\n}\n");
    assert_answer(f, diag_answer_servez, "identity", 503, "{\n  \"serving\": false\n}\n");
}

static void test_livez_and_healthz_agree(void **state)
{
    struct fixture *f = *state;
    f->facts.liveness = (struct liveness){.ticked = at(0).mono, .stall = dur_s(60)};
    f->facts.now = at(60);
    assert_ok(diag_answer_livez(&f->facts, &f->a));
    assert_int_equal(f->a.code, 200);
    assert_string_equal(buf_str(&f->a.body), "OK");
    buf_clear(&f->a.body);
    assert_ok(diag_answer_healthz(&f->facts, &f->a));
    assert_string_equal(buf_str(&f->a.body), "{\n  \"status\": \"ok\"\n}\n");
    f->facts.now = at(61);
    assert_ok(diag_answer_healthz(&f->facts, &f->a));
    assert_int_equal(f->a.code, 500);
    buf_clear(&f->a.body);
    assert_ok(diag_answer_livez(&f->facts, &f->a));
    assert_int_equal(f->a.code, 500);
    assert_string_equal(buf_str(&f->a.body), "the main loop made no progress for 1m1s");
}

static void test_text_that_is_not_utf8_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct err *e = err_new(ERR_PROTOCOL, "bad \xff byte");
    health_failed(f->identity, "renew", e, at(1));
    err_free(e);
    assert_ok(diag_answer_readyz(&f->facts, "identity", &f->a));
    assert_non_null(strstr(buf_str(&f->a.body), "\"reason\": \"(not UTF-8)\""));
}

#define ANSWER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWER_TEST(test_readyz_at_start_names_who_has_not_reported),
        ANSWER_TEST(test_readyz_degraded_says_which_and_why),
        ANSWER_TEST(test_readyz_without_details_keeps_codes_and_states),
        ANSWER_TEST(test_readyz_codes_follow_the_states),
        ANSWER_TEST(test_readyz_in_tbots_form),
        ANSWER_TEST(test_readyz_in_tbots_form_of_who_has_not_reported),
        ANSWER_TEST(test_unknown_service_is_told_as_tbot_does),
        ANSWER_TEST(test_servez_stays_ok_through_an_outage_until_the_expiry),
        ANSWER_TEST(test_servez_without_credentials_says_so),
        ANSWER_TEST(test_livez_and_healthz_agree),
        ANSWER_TEST(test_text_that_is_not_utf8_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
