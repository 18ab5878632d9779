/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/accept.h"

#include "tests/support/assert_err.h"

#define AS_PROMETHEUS_ASKS                                                                         \
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"               \
    "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

static void test_plain_unless_open_metrics_is_named(void **state)
{
    (void)state;
    static const char *const plain[] = {NULL,
                                        "",
                                        "*/*",
                                        "text/html,application/xhtml+xml,*/*;q=0.8",
                                        "text/plain",
                                        "application/openmetrics-text;q=0",
                                        "application/openmetrics-text;q=0.000",
                                        "application/openmetrics-textual",
                                        "application/openmetrics-text;q=0.3, text/plain;q=0.4",
                                        "application/openmetrics-text;q=0.3, text/plain",
                                        ",,;;q=,"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_int_equal(diag_accept_metrics(plain[i]), METRICS_PROMETHEUS);
}

static void test_open_metrics_where_it_is_liked_no_less(void **state)
{
    (void)state;
    static const char *const open[] = {
        "application/openmetrics-text",
        "Application/OpenMetrics-Text ; Version=1.0.0",
        "text/plain;q=0.5, application/openmetrics-text;version=1.0.0;q=0.5",
        "text/plain;q=0.35,application/openmetrics-text;version=1.0.0;q=0.355",
    };
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        assert_int_equal(diag_accept_metrics(open[i]), METRICS_OPENMETRICS);
    assert_int_equal(diag_accept_metrics(AS_PROMETHEUS_ASKS), METRICS_OPENMETRICS);
}

static void test_gzip_where_it_is_liked_no_less_than_plain(void **state)
{
    (void)state;
    static const char *const packed[] = {
        "gzip",
        "gzip, deflate, br, zstd", /* browsers */
        "deflate, GZIP;q=0.5",
        "x-gzip",
        "*",
        "br;q=1.0, *;q=0.1",
        "identity;q=0.5, gzip;q=0.5",
        "gzip;q=0.001",
        "identity;q=0, *",
    };
    static const char *const plain[] = {
        NULL,
        "",
        "identity",
        "br",
        "gzip;q=0",
        "gzip;q=0.000, *",
        "*;q=0",
        "gzipped",
        "identity, gzip;q=0.9",
        "identity;q=0.8, *;q=0.5",
        "*;q=0.5, gzip;q=0.3", /* "*" means the plain bytes too */
        ",;q=1,,",
    };
    for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
        assert_true(diag_accept_gzip(packed[i]));
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_false(diag_accept_gzip(plain[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_unless_open_metrics_is_named),
        cmocka_unit_test(test_open_metrics_where_it_is_liked_no_less),
        cmocka_unit_test(test_gzip_where_it_is_liked_no_less_than_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
