/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>

/* 2026-01-02T03:04:05Z, and so many seconds later. */
static struct now at(int64_t s)
{
    return (struct now){{dur_s(1000 + s).ns}, wall_of_unix(1767323045 + s)};
}

struct fixture {
    struct health *h;
    struct health_service *identity, *connection;
    struct diag_report report;
    struct diag_facts facts;
    struct diag_answer a;
};

static void give_report(void *arg, struct diag_report *ret)
{
    const struct fixture *f = arg;
    *ret = f->report;
}

static const struct diag_listener_view views[] = {
    {.text = "127.0.0.1:0", .port = 3001, .connections = 2, .held = 1},
    {.text = "unix:/run/diag.sock", .connections = 1},
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.a = DIAG_ANSWER_INIT};
    assert_ok(health_new(&f.h));
    assert_ok(health_add(f.h, "identity", HEALTH_SERVICE, at(0), &f.identity));
    assert_ok(health_add(f.h, "connection", HEALTH_PERIODIC, at(0), &f.connection));
    f.facts = (struct diag_facts){.health = f.h,
                                  .pid = 42,
                                  .with_details = true,
                                  .now = at(0),
                                  .reporter = {&f, give_report},
                                  .listeners = views,
                                  .n_listeners = 2};
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

/* The body without blanks at the beginning of lines and without line ends. */
static const char *body_of(struct fixture *f)
{
    static char out[8192];
    size_t len = 0;
    bool is_indent = true;
    for (const char *s = buf_str(&f->a.body); *s && len < sizeof(out) - 1; s++) {
        is_indent = *s == '\n' || (is_indent && *s == ' ');
        if (!is_indent)
            out[len++] = *s;
    }
    out[len] = '\0';
    return out;
}

typedef struct err *answer_fn(const struct diag_facts *f, struct diag_answer *a);

static struct err *status(const struct diag_facts *f, struct diag_answer *a)
{
    return diag_answer_status(f, f->now.mono, a);
}

static const char *ask(struct fixture *f, answer_fn *answer, unsigned code)
{
    buf_clear(&f->a.body);
    assert_ok(answer(&f->facts, &f->a));
    assert_int_equal(f->a.code, code);
    assert_string_equal(f->a.content_type, DIAG_TYPE_JSON);
    return body_of(f);
}

static void assert_says(const char *body, const char *part)
{
    if (!strstr(body, part))
        fail_msg("'%s' is not in %s", part, body);
}

static void test_status_of_an_agent_that_knows_nothing_yet(void **state)
{
    struct fixture *f = *state;
    f->facts.reporter = (struct diag_reporter){0};
    f->facts.n_listeners = 0;
    assert_string_equal(
        ask(f, status, 200),
        "{\"build\": {},\"pid\": 42,\"time\": \"2026-01-02T03:04:05Z\",\"mode\": \"daemon\","
        "\"config\": {},\"log\": {},\"sandbox\": {},\"state\": \"starting\",\"state_code\": 3,"
        "\"status\": \"identity is starting\",\"since\": \"2026-01-02T03:04:05Z\","
        "\"serving\": false,\"authority\": {},\"identity\": {},\"services\": ["
        "{\"name\": \"identity\",\"kind\": \"service\",\"status\": \"initializing\","
        "\"state\": \"starting\",\"since\": \"2026-01-02T03:04:05Z\","
        "\"consecutive_failures\": 0,\"state_code\": 3,\"serving\": false,\"credentials\": []},"
        "{\"name\": \"connection\",\"kind\": \"check\",\"status\": \"initializing\","
        "\"state\": \"starting\",\"since\": \"2026-01-02T03:04:05Z\","
        "\"consecutive_failures\": 0,\"state_code\": 3,\"serving\": true,\"credentials\": []}],"
        "\"listeners\": [],\"reloads\": {\"succeeded\": 0,\"failed\": 0,\"under_way\": false},"
        "\"warnings\": []}");
}

static void test_status_tells_of_the_sandbox(void **state)
{
    struct fixture *f = *state;
    f->report.sandbox = (struct diag_sandbox){
        .landlock = DIAG_PART_ON, .landlock_version = 7, .seccomp = DIAG_PART_ON};
    assert_says(ask(f, status, 200), "\"sandbox\": {\"landlock\": \"on\",\"landlock_abi\": 7,"
                                     "\"seccomp\": \"on\"},");
    f->report.sandbox = (struct diag_sandbox){.landlock = DIAG_PART_OFF,
                                              .no_landlock = "old kernel",
                                              .seccomp = DIAG_PART_OFF,
                                              .no_seccomp = "unwanted"};
    assert_says(ask(f, status, 200),
                "\"sandbox\": {\"landlock\": \"off\",\"landlock_reason\": \"old kernel\","
                "\"seccomp\": \"off\",\"seccomp_reason\": \"unwanted\"},");
}

static void test_status_tells_of_the_process(void **state)
{
    struct fixture *f = *state;
    static const char *const warnings[] = {"The clock is slow.", "\xff"};
    f->report = (struct diag_report){.version = "1.2",
                                     .revision = "abc",
                                     .compiler = "cc 1",
                                     .hostname = "h7",
                                     .started_at = at(-60).wall,
                                     .uptime = dur_s(60),
                                     .mode = DIAG_ONE_PASS,
                                     .config_path = "/etc/tbot.yaml",
                                     .config_hash = "00ff",
                                     .reloads = {.succeeded = 3,
                                                 .failed = 1,
                                                 .last = at(-5).wall,
                                                 .last_error = "line 3",
                                                 .is_under_way = true},
                                     .warnings = warnings,
                                     .n_warnings = 2};
    const char *body = ask(f, status, 200);
    assert_says(body, "\"build\": {\"version\": \"1.2\",\"revision\": \"abc\","
                      "\"compiler\": \"cc 1\"},\"hostname\": \"h7\"");
    assert_says(body, "\"started_at\": \"2026-01-02T03:03:05Z\",\"uptime_seconds\": 60,"
                      "\"mode\": \"oneshot\"");
    assert_says(body, "\"config\": {\"path\": \"/etc/tbot.yaml\",\"sha256\": \"00ff\"}");
    assert_says(body, "\"reloads\": {\"succeeded\": 3,\"failed\": 1,\"under_way\": true,"
                      "\"last\": \"2026-01-02T03:04:00Z\",\"last_error\": \"line 3\"}");
    assert_says(body, "\"warnings\": [\"The clock is slow.\",\"(not UTF-8)\"]");
    assert_says(body, "\"listeners\": [{\"address\": \"127.0.0.1:0\",\"port\": 3001,"
                      "\"connections\": 2,\"waiting\": 1},{\"address\": "
                      "\"unix:/run/diag.sock\",\"connections\": 1,\"waiting\": 0}]");
}

static void test_status_tells_of_cluster_and_identity(void **state)
{
    struct fixture *f = *state;
    f->report.authority = (struct diag_authority){.address = "a:443",
                                                  .path = "proxy",
                                                  .route = "tunnel",
                                                  .state = "down",
                                                  .last_contact = at(-9).wall,
                                                  .round_trip = {345678},
                                                  .error = "refused",
                                                  .version = "18.1.0"};
    f->report.identity = (struct diag_identity){.cluster = "c",
                                                .bot = "b",
                                                .instance = "i",
                                                .generation = 7,
                                                .not_before = at(-60).wall,
                                                .not_after = at(3600).wall,
                                                .next_renewal = at(1200).wall,
                                                .state = "stale",
                                                .advice = "Wait.",
                                                .error = "refused"};
    const char *body = ask(f, status, 200);
    assert_says(body, "\"authority\": {\"address\": \"a:443\",\"path\": \"proxy\","
                      "\"route\": \"tunnel\",\"state\": \"down\",\"version\": \"18.1.0\","
                      "\"last_contact\": \"2026-01-02T03:03:56Z\","
                      "\"round_trip_seconds\": 0.000345,\"error\": \"refused\"}");
    assert_says(body, "\"identity\": {\"cluster\": \"c\",\"bot\": \"b\",\"instance\": \"i\","
                      "\"generation\": 7,\"not_before\": \"2026-01-02T03:03:05Z\","
                      "\"not_after\": \"2026-01-02T04:04:05Z\","
                      "\"next_renewal\": \"2026-01-02T03:24:05Z\",\"state\": \"stale\","
                      "\"advice\": \"Wait.\",\"error\": \"refused\"}");
}

static void test_status_gives_each_service_its_credentials(void **state)
{
    struct fixture *f = *state;
    const struct diag_credential list[] = {
        {.service = "identity",
         .kind = "x509",
         .subject = "bot-b",
         .serial = "3f",
         .not_before = at(-60).wall,
         .not_after = at(3600).wall,
         .renew_at = at(1200).wall,
         .is_stale = true,
         .path = "/s/tlscert",
         .copy = DIAG_COPY_DIFFERS,
         .copy_seen_at = at(-1).wall},
        {.service = "identity", .kind = "ssh", .serial = "12", .copy = DIAG_COPY_MISSING},
        {.service = "nobody", .kind = "x509"},
    };
    f->report.credentials = list;
    f->report.n_credentials = 3;
    const char *body = ask(f, status, 200);
    assert_says(body, "\"credentials\": [{\"kind\": \"x509\",\"subject\": \"bot-b\","
                      "\"serial\": \"3f\",\"not_before\": \"2026-01-02T03:03:05Z\","
                      "\"not_after\": \"2026-01-02T04:04:05Z\","
                      "\"renew_at\": \"2026-01-02T03:24:05Z\",\"stale\": true,"
                      "\"path\": \"/s/tlscert\",\"on_disk\": \"differs\","
                      "\"on_disk_seen_at\": \"2026-01-02T03:04:04Z\"},"
                      "{\"kind\": \"ssh\",\"serial\": \"12\",\"stale\": false,"
                      "\"on_disk\": \"missing\"}]},{\"name\": \"connection\"");
}

static void test_status_gives_a_service_its_hook(void **state)
{
    struct fixture *f = *state;
    const struct diag_hook list[] = {
        {.service = "nobody", .kind = "signal", .target = "/run/p", .state = "idle"},
        {.service = "identity",
         .kind = "command",
         .target = "/bin/reload",
         .state = "waiting",
         .last_run = at(-1).wall,
         .last_success = at(-60).wall,
         .next_attempt = at(2).wall,
         .failures = 2,
         .error = "ended with status 3",
         .hint = "Do."},
    };
    f->report.hooks = list;
    f->report.n_hooks = 2;
    const char *body = ask(f, status, 200);
    assert_says(body, "\"hook\": {\"kind\": \"command\",\"target\": \"/bin/reload\","
                      "\"state\": \"waiting\",\"last_run\": \"2026-01-02T03:04:04Z\","
                      "\"last_success\": \"2026-01-02T03:03:05Z\","
                      "\"next_attempt\": \"2026-01-02T03:04:07Z\",\"consecutive_failures\": 2,"
                      "\"error\": \"ended with status 3\",\"hint\": \"Do.\"}}");
    assert_null(strstr(body, "/run/p"));
}

static void test_status_tells_how_a_service_failed(void **state)
{
    struct fixture *f = *state;
    struct err *e = err_set_hint(err_new(ERR_UNAVAILABLE, "nobody answers"), "Look.");
    health_failed(f->connection, "ping", e, at(1));
    err_free(e);
    health_serves(f->identity, at(3600).wall);
    const char *body = ask(f, status, 200);
    assert_says(body, "\"state\": \"degraded\",\"state_code\": 2,\"status\": \"connection is "
                      "degraded: nobody answers\",\"since\": \"2026-01-02T03:04:06Z\","
                      "\"serving\": true,\"first_expiry\": \"2026-01-02T04:04:05Z\"");
    assert_says(body, "\"reason\": \"nobody answers\",\"code\": \"unavailable\","
                      "\"hint\": \"Look.\"");
    assert_says(body, "\"operation\": \"ping\"");
    assert_says(body, "\"serves_until\": \"2026-01-02T04:04:05Z\"");
    health_stop(f->h, at(2));
    assert_says(ask(f, status, 200), "\"mode\": \"stopping\"");
}

static void test_status_shows_the_level_of_the_log(void **state)
{
    struct fixture *f = *state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct log *log = log_new(fd, LOG_TEXT, LOG_DEBUG, clock_system());
    f->facts.log = log;
    f->facts.log_level_until = at(600).wall;
    assert_says(ask(f, status, 200),
                "\"log\": {\"level\": \"debug\",\"until\": \"2026-01-02T03:14:05Z\"}");
    log_free(log);
    close(fd);
}

static bool is_refreshed;

static bool refresh(void *arg)
{
    (void)arg;
    return is_refreshed;
}

static void test_status_waits_a_moment_for_what_is_found_out(void **state)
{
    struct fixture *f = *state;
    f->facts.may_hold = true;
    f->facts.reporter.refresh = refresh;
    is_refreshed = false;
    assert_ok(diag_answer_status(&f->facts, at(0).mono, &f->a));
    assert_true(f->a.is_held);
    assert_int_equal(f->a.ask_at.ns, at(1).mono.ns);
    assert_int_equal(f->a.body.len, 0);
    is_refreshed = true;
    ask(f, status, 200);
    assert_false(f->a.is_held);
}

static void test_status_does_not_wait_for_a_slow_disk_or_without_room(void **state)
{
    struct fixture *f = *state;
    is_refreshed = false;
    f->facts.reporter.refresh = refresh;
    ask(f, status, 200);
    assert_false(f->a.is_held);
    f->facts.may_hold = true;
    f->facts.now = at(1);
    buf_clear(&f->a.body);
    assert_ok(diag_answer_status(&f->facts, at(0).mono, &f->a));
    assert_false(f->a.is_held);
    assert_int_equal(f->a.code, 200);
}

static void test_backend_follows_the_last_contact(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->identity, "renew", at(0));
    health_succeeded(f->connection, "ping", at(0));
    f->report.hostname = "h7";
    f->report.revision = "abc";
    f->report.compiler = "cc 1";
    f->report.authority = (struct diag_authority){.address = "a:443", .is_up = true};
    assert_string_equal(
        ask(f, diag_answer_backend, 200),
        "{\"ok\": true,\"status\": \"ok\",\"backend_ok\": true,\"backend_status\": \"ok\","
        "\"message\": \"listening\",\"time\": \"2026-01-02T03:04:05Z\","
        "\"last_reload\": \"0001-01-01T00:00:00Z\",\"listen_address\": \"127.0.0.1:0\","
        "\"forward_address\": \"a:443\",\"hostname\": \"h7\",\"revision\": \"abc\","
        "\"compiler\": \"cc 1\"}");
    f->report.authority.is_up = false;
    f->report.authority.error = "refused";
    const char *body = ask(f, diag_answer_backend, 503);
    assert_says(body, "\"ok\": false,\"status\": \"critical\",\"backend_ok\": false,"
                      "\"backend_status\": \"critical\"");
    assert_says(body, "\"backend_error\": \"refused\"");
    f->report.revision = NULL;
    assert_says(ask(f, diag_answer_backend, 503), "\"revision\": \"unknown\"");
}

static void test_backend_names_what_the_agent_does(void **state)
{
    struct fixture *f = *state;
    f->report.authority.is_up = true;
    assert_says(ask(f, diag_answer_backend, 503), "\"message\": \"initializing\"");
    health_succeeded(f->identity, "renew", at(0));
    health_succeeded(f->connection, "ping", at(0));
    f->report.reloads = (struct diag_reloads){.is_under_way = true, .last = at(-5).wall};
    const char *body = ask(f, diag_answer_backend, 200);
    assert_says(body, "\"message\": \"reloading\"");
    assert_says(body, "\"last_reload\": \"2026-01-02T03:04:00Z\"");
    health_stop(f->h, at(1));
    assert_says(ask(f, diag_answer_backend, 503), "\"message\": \"stopping\"");
}

static void test_backend_names_nothing_to_strangers(void **state)
{
    struct fixture *f = *state;
    f->facts.with_details = false;
    f->report.authority = (struct diag_authority){.address = "a:443", .error = "refused"};
    f->report.hostname = "h7";
    assert_string_equal(ask(f, diag_answer_backend, 503),
                        "{\"ok\": false,\"status\": \"critical\",\"backend_ok\": false,"
                        "\"backend_status\": \"critical\",\"message\": \"initializing\","
                        "\"time\": \"2026-01-02T03:04:05Z\","
                        "\"last_reload\": \"0001-01-01T00:00:00Z\"}");
}

#define STATUS_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(test_status_of_an_agent_that_knows_nothing_yet),
        STATUS_TEST(test_status_tells_of_the_sandbox),
        STATUS_TEST(test_status_tells_of_the_process),
        STATUS_TEST(test_status_tells_of_cluster_and_identity),
        STATUS_TEST(test_status_gives_each_service_its_credentials),
        STATUS_TEST(test_status_gives_a_service_its_hook),
        STATUS_TEST(test_status_tells_how_a_service_failed),
        STATUS_TEST(test_status_shows_the_level_of_the_log),
        STATUS_TEST(test_status_waits_a_moment_for_what_is_found_out),
        STATUS_TEST(test_status_does_not_wait_for_a_slow_disk_or_without_room),
        STATUS_TEST(test_backend_follows_the_last_contact),
        STATUS_TEST(test_backend_names_what_the_agent_does),
        STATUS_TEST(test_backend_names_nothing_to_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
