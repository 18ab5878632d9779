/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify_status.h"

#include "tests/support/assert_err.h"

#define CLUSTER "auth server 'example.com:3025'"

struct world {
    struct health *health;
    struct health_service *identity, *output, *connection;
    struct notify_facts facts;
    char status[NOTIFY_STATUS_SIZE];
};

static struct now at(int64_t s)
{
    return (struct now){{dur_s(s + 1).ns}, wall_of_unix(1767323045 + s)}; /* 2026-01-02T03:04:05Z */
}

static int set_up(void **state)
{
    static struct world w;
    w = (struct world){0};
    assert_ok(health_new(&w.health));
    assert_ok(health_add(w.health, "identity", HEALTH_SERVICE, at(0), &w.identity));
    assert_ok(health_add(w.health, "output-1", HEALTH_SERVICE, at(0), &w.output));
    assert_ok(health_add(w.health, "connection", HEALTH_PERIODIC, at(0), &w.connection));
    w.facts = (struct notify_facts){.health = w.health, .now = at(0), .cluster = CLUSTER};
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    health_free(((struct world *)*state)->health);
    return 0;
}

static void assert_status(struct world *w, const char *want)
{
    assert_string_equal(notify_status(&w->facts, w->status), want);
}

static void succeed(struct world *w)
{
    health_succeeded(w->identity, "renew", at(0));
    health_succeeded(w->connection, "check", at(0));
    health_serves(w->identity, at(3600).wall);
    health_succeeded(w->output, "write", at(0));
    health_serves(w->output, at(600).wall);
}

static void fail_with(struct health_service *s, const char *operation, const char *why)
{
    struct err *e = err_new(ERR_UNAVAILABLE, "%s", why);
    health_failed(s, operation, e, at(0));
    err_free(e);
}

static void test_start_says_what_it_waits_for(void **state)
{
    struct world *w = *state;
    assert_status(w, "Starting; waiting for identity");
    health_succeeded(w->identity, "join", at(0));
    health_serves(w->identity, at(3600).wall);
    assert_status(w, "Starting; waiting for output-1");
}

static void test_all_well_names_the_cluster(void **state)
{
    struct world *w = *state;
    succeed(w);
    assert_status(w, "Serving, in touch with " CLUSTER);
}

static void test_outage_says_until_when_it_serves_and_then_that_it_does_not(void **state)
{
    struct world *w = *state;
    succeed(w);
    fail_with(w->connection, "check", "connect: refused");
    assert_status(w, "Serving what is valid until 2026-01-02T03:14:05Z; "
                     "connection is degraded: connect: refused");
    w->facts.now = at(600);
    assert_status(w, "Not serving; connection is degraded: connect: refused");
}

static void test_recovery_is_told(void **state)
{
    struct world *w = *state;
    succeed(w);
    fail_with(w->output, "write", "no space left on device");
    health_succeeded(w->output, "write", at(1));
    w->facts.now = at(2);
    assert_status(w, "Serving; output-1 is recovering: no space left on device");
    w->facts.now = at(11);
    assert_status(w, "Serving, in touch with " CLUSTER);
}

static void test_join_that_fails_says_why(void **state)
{
    struct world *w = *state;
    fail_with(w->identity, "join", "joining failed: refused");
    assert_status(w, "Not serving; identity is degraded: joining failed: refused");
}

static void test_stop_is_told(void **state)
{
    struct world *w = *state;
    w->facts.is_stopping = true;
    assert_status(w, "Stopping");
    w->facts.awaits_reply = true;
    assert_status(w, "Stopping, waits for the cluster's reply");
}

/* A second line would be another word to the manager. */
static void test_reason_of_many_lines_is_one_line(void **state)
{
    struct world *w = *state;
    fail_with(w->identity, "join", "first\nSTOPPING=1\nlast");
    assert_status(w, "Not serving; identity is degraded: first STOPPING=1 last");
}

static void test_too_long_a_reason_is_cut_between_characters(void **state)
{
    struct world *w = *state;
    for (int shift = 0; shift < 3; shift++) {
        char why[1000] = "xxx";
        for (size_t i = (size_t)shift; i + 3 < sizeof(why); i += 3)
            memcpy(why + i, "\xe2\x82\xac", 4); /* a euro sign */
        fail_with(w->identity, "join", why);
        notify_status(&w->facts, w->status);
        size_t len = strlen(w->status);
        assert_in_range(len, NOTIFY_STATUS_SIZE - 6, NOTIFY_STATUS_SIZE - 1);
        assert_string_equal(w->status + len - 3, "\xe2\x82\xac");
    }
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

static void test_a_configuration_that_is_not_in_force_is_told_last(void **state)
{
    struct world *w = *state;
    succeed(w);
    w->facts.reload_error = "t:3:1: not valid YAML";
    assert_status(w, "Serving, in touch with " CLUSTER
                     "; the new configuration is not in force: t:3:1: not valid YAML");
    w->facts.reload_error = "";
    assert_status(w, "Serving, in touch with " CLUSTER);
    w->facts.reload_error = "x";
    w->facts.is_stopping = true;
    assert_status(w, "Stopping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start_says_what_it_waits_for),
        TEST(test_all_well_names_the_cluster),
        TEST(test_outage_says_until_when_it_serves_and_then_that_it_does_not),
        TEST(test_recovery_is_told),
        TEST(test_join_that_fails_says_why),
        TEST(test_stop_is_told),
        TEST(test_a_configuration_that_is_not_in_force_is_told_last),
        TEST(test_reason_of_many_lines_is_one_line),
        TEST(test_too_long_a_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
