/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strlist.h"
#include "diag/answer.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>

static const struct now now = {{1000000000}, {1767323045000000000}};

static void nothing(void *arg)
{
    (void)arg;
}

static const struct diag_control able = {.renew = nothing, .reload = nothing, .shut_down = nothing};
static const struct diag_control unable;

struct fixture {
    struct health *h;
    struct log *log;
    int fd;
    struct diag_facts facts;
    struct diag_answer a;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.a = DIAG_ANSWER_INIT, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)};
    assert_ok(health_new(&f.h));
    f.log = log_new(f.fd, LOG_TEXT, LOG_WARN, clock_system());
    f.facts = (struct diag_facts){.health = f.h, .now = now, .control = &able, .log = f.log};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    diag_answer_release(&f->a);
    health_free(f->h);
    log_free(f->log);
    close(f->fd);
    return 0;
}

typedef struct err *answer_fn(const struct diag_facts *f, struct diag_answer *a);

static unsigned ask(struct fixture *f, answer_fn *answer)
{
    diag_answer_release(&f->a);
    f->a = DIAG_ANSWER_INIT;
    assert_ok(answer(&f->facts, &f->a));
    return f->a.code;
}

static unsigned set_level(struct fixture *f, const char *body, const char *lasting)
{
    diag_answer_release(&f->a);
    f->a = DIAG_ANSWER_INIT;
    assert_ok(diag_answer_set_log_level(&f->facts, bytes_of_str(body), lasting, &f->a));
    return f->a.code;
}

static void test_each_deed_is_taken_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, diag_answer_renew), 202);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_RENEW);
    assert_string_equal(buf_str(&f->a.body), "{\n  \"status\": \"renewing everything\"\n}\n");
    assert_int_equal(ask(f, diag_answer_shut_down), 200);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_SHUT_DOWN);
}

/* --- reload --- */

static struct diag_reloads reloads;

static void report(void *arg, struct diag_report *ret)
{
    (void)arg;
    ret->reloads = reloads;
}

/* Who asks while `done` have ended is told of number `awaited`, with `held` of room for those who wait. */
static unsigned ask_reload(struct fixture *f, unsigned awaited, unsigned done)
{
    f->facts.reporter.report = report;
    f->facts.awaited = awaited;
    reloads.done = done;
    return ask(f, diag_answer_reload);
}

static void test_who_asks_for_a_reload_is_held_until_it_has_ended(void **state)
{
    struct fixture *f = *state;
    f->facts.may_hold = true;
    reloads = (struct diag_reloads){.awaited = 8};
    (void)ask_reload(f, 0, 6);
    assert_true(f->a.is_held);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_RELOAD);
    assert_int_equal(f->a.deed.awaited, 8);
    (void)ask_reload(f, 8, 7); /* the one before it has ended */
    assert_true(f->a.is_held);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    assert_int_equal(ask_reload(f, 8, 8), 200);
    assert_false(f->a.is_held);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
}

static void test_without_a_place_to_wait_the_reload_is_done_all_the_same(void **state)
{
    struct fixture *f = *state;
    reloads = (struct diag_reloads){.awaited = 1};
    assert_int_equal(ask_reload(f, 0, 0), 202);
    assert_false(f->a.is_held);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_RELOAD);
}

static void test_a_reload_tells_what_has_changed(void **state)
{
    struct fixture *f = *state;
    char *added[] = {(char[]){"a"}, (char[]){"b"}}, *removed[] = {(char[]){"c"}};
    const struct strlist two = {added, 2}, one = {removed, 1}, none = {0};
    reloads = (struct diag_reloads){
        .added = &two, .changed = &none, .removed = &one, .n_kept = 98, .warnings = NULL};
    assert_int_equal(ask_reload(f, 1, 1), 200);
    assert_string_equal(buf_str(&f->a.body),
                        "{\n  \"status\": \"the new configuration is in force\",\n"
                        "  \"added\": [\n    \"a\",\n    \"b\"\n  ],\n  \"changed\": [],\n"
                        "  \"removed\": [\n    \"c\"\n  ],\n  \"kept\": 98,\n"
                        "  \"warnings\": []\n}\n");
}

static void test_a_reload_that_failed_tells_every_reason(void **state)
{
    struct fixture *f = *state;
    char *errors[] = {(char[]){"t:1: x"}, (char[]){"\xff"}}, *keys[] = {(char[]){"storage.path"}};
    const struct strlist two = {errors, 2}, one = {keys, 1};
    reloads =
        (struct diag_reloads){.last_error = "t:1: x (and 1 more)", .errors = &two, .restart = &one};
    assert_int_equal(ask_reload(f, 1, 2), 422);
    assert_string_equal(buf_str(&f->a.body),
                        "{\n  \"error\": \"t:1: x (and 1 more)\",\n  \"errors\": [\n"
                        "    \"t:1: x\",\n    \"(not UTF-8)\"\n  ],\n"
                        "  \"restart_needed\": [\n    \"storage.path\"\n  ]\n}\n");
}

static void test_what_the_agent_cannot_do_is_said(void **state)
{
    struct fixture *f = *state;
    static const struct diag_control *const without[] = {&unable, NULL};
    for (size_t i = 0; i < 2; i++) {
        f->facts.control = without[i];
        assert_int_equal(ask(f, diag_answer_renew), 501);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
        assert_int_equal(ask(f, diag_answer_reload), 501);
        assert_non_null(strstr(buf_str(&f->a.body), "restart it"));
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    }
}

static void test_while_stopping_nothing_begins(void **state)
{
    struct fixture *f = *state;
    health_stop(f->h, now);
    assert_int_equal(ask(f, diag_answer_renew), 409);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    assert_int_equal(ask(f, diag_answer_reload), 409);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    assert_int_equal(ask(f, diag_answer_shut_down), 200);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
}

static void test_level_is_shown_as_text(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, diag_answer_log_level), 200);
    assert_string_equal(buf_str(&f->a.body), "WARN\n");
    assert_string_equal(f->a.content_type, DIAG_TYPE_TEXT);
    f->facts.log = NULL;
    assert_int_equal(ask(f, diag_answer_log_level), 501);
    assert_int_equal(set_level(f, "INFO", NULL), 501);
}

static void test_every_level_can_be_set(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        enum log_level level;
    } cases[] = {
        {"DEBUG", LOG_DEBUG}, {"info\n", LOG_INFO}, {" Warn ", LOG_WARN}, {"ERROR\r\n", LOG_ERROR}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(set_level(f, cases[i].body, NULL), 200);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_LOG_LEVEL);
        assert_int_equal(f->a.deed.level, cases[i].level);
        assert_int_equal(f->a.deed.lasting.ns, 0);
    }
    assert_string_equal(buf_str(&f->a.body), "The log's level is ERROR.\n");
}

static void test_a_level_can_be_set_for_a_while(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_level(f, "debug", "10m"), 200);
    assert_int_equal(f->a.deed.lasting.ns, dur_s(600).ns);
    assert_string_equal(buf_str(&f->a.body), "The log's level is DEBUG for 10m.\n");
}

static void test_bad_level_or_while_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const bodies[] = {"", "loud", "INFO WARN", "INF", "INFOO", "1"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(set_level(f, bodies[i], NULL), 422);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    }
    static const char *const whiles[] = {"", "0s", "-1m", "soon"};
    for (size_t i = 0; i < sizeof(whiles) / sizeof(whiles[0]); i++) {
        assert_int_equal(set_level(f, "INFO", whiles[i]), 422);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    }
}

#define CHANGE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANGE_TEST(test_each_deed_is_taken_on),
        CHANGE_TEST(test_who_asks_for_a_reload_is_held_until_it_has_ended),
        CHANGE_TEST(test_without_a_place_to_wait_the_reload_is_done_all_the_same),
        CHANGE_TEST(test_a_reload_tells_what_has_changed),
        CHANGE_TEST(test_a_reload_that_failed_tells_every_reason),
        CHANGE_TEST(test_what_the_agent_cannot_do_is_said),
        CHANGE_TEST(test_while_stopping_nothing_begins),
        CHANGE_TEST(test_level_is_shown_as_text),
        CHANGE_TEST(test_every_level_can_be_set),
        CHANGE_TEST(test_a_level_can_be_set_for_a_while),
        CHANGE_TEST(test_bad_level_or_while_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
