/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/credential_metrics.h"

#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"

#define T0 1767323045

struct fixture {
    struct metrics *m;
    struct credential_metrics c;
    struct diag_credential list[3];
    size_t n;
    struct buf text;
};

static void give(void *arg, struct diag_report *ret)
{
    const struct fixture *f = arg;
    ret->credentials = f->list;
    ret->n_credentials = f->n;
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.text = BUF_INIT(65536)};
    f.c.reporter = (struct diag_reporter){.arg = &f, .report = give};
    assert_ok(metrics_new(&f.m));
    credential_metrics_watch(&f.c, f.m);
    f.list[0] = (struct diag_credential){.service = "identity",
                                         .kind = "x509",
                                         .not_before = wall_of_unix(T0),
                                         .not_after = wall_of_unix(T0 + 3600),
                                         .renew_at = wall_of_unix(T0 + 1200)};
    f.list[1] = f.list[0];
    f.list[1].kind = "ssh";
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    metrics_free(f->m);
    buf_release(&f->text);
    return 0;
}

static const char *look(struct fixture *f)
{
    buf_clear(&f->text);
    assert_ok(metrics_write(f->m, METRICS_PROMETHEUS, &f->text));
    return buf_str(&f->text);
}

static void assert_shows(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("'%s' is not in %s", line, text);
}

static void test_moments_are_shown_for_each_kind(void **state)
{
    struct fixture *f = *state;
    f->n = 2;
    const char *text = look(f);
    assert_shows(text, "tbot_credential_expiry_timestamp_seconds"
                       "{service=\"identity\",kind=\"x509\"} 1767326645\n");
    assert_shows(text, "tbot_credential_expiry_timestamp_seconds"
                       "{service=\"identity\",kind=\"ssh\"} 1767326645\n");
    assert_shows(text, "tbot_credential_not_before_timestamp_seconds"
                       "{service=\"identity\",kind=\"x509\"} 1767323045\n");
    assert_shows(text, "tbot_credential_renewal_timestamp_seconds"
                       "{service=\"identity\",kind=\"x509\"} 1767324245\n");
    assert_shows(text, "tbot_credential_stale{service=\"identity\"} 0\n");
}

static void test_what_is_no_moment_is_not_shown(void **state)
{
    struct fixture *f = *state;
    f->n = 1;
    f->list[0].renew_at = WALL_NONE;
    f->list[0].not_after = WALL_NEVER;
    f->list[0].is_stale = true;
    const char *text = look(f);
    assert_null(strstr(text, "tbot_credential_expiry_timestamp_seconds{"));
    assert_null(strstr(text, "tbot_credential_renewal_timestamp_seconds{"));
    assert_shows(text, "tbot_credential_stale{service=\"identity\"} 1\n");
}

static void test_what_is_gone_is_not_shown_any_more(void **state)
{
    struct fixture *f = *state;
    f->n = 2;
    look(f);
    f->n = 1;
    const char *text = look(f);
    assert_null(strstr(text, "kind=\"ssh\""));
    f->n = 0;
    text = look(f);
    assert_null(strstr(text, "service=\"identity\""));
    assert_shows(text, "# TYPE tbot_credential_expiry_timestamp_seconds gauge\n");
    assert_shows(text, "# TYPE tbot_credential_stale gauge\n");
}

#define METRICS_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METRICS_TEST(test_moments_are_shown_for_each_kind),
        METRICS_TEST(test_what_is_no_moment_is_not_shown),
        METRICS_TEST(test_what_is_gone_is_not_shown_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
