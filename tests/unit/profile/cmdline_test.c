/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cmdline.h"

#include "tests/support/assert_err.h"

/* Words apart by '|' in, the same out. */
static void assert_masked(const char *words, const char *expected)
{
    char in[512];
    CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
    size_t len = strlen(words) + 1;

    memcpy(in, words, len);
    for (char *c = in; (c = strchr(c, '|')) != NULL;)
        *c++ = '\0';
    assert_ok(cmdline_mask((struct bytes){(const uint8_t *)in, len}, &out));
    for (size_t i = 0; i + 1 < out.len; i++)
        out.data[i] = out.data[i] ? out.data[i] : '|';
    assert_string_equal(buf_str(&out), expected);
}

static void test_what_is_no_secret_stays(void **state)
{
    (void)state;
    assert_masked("tbot|start|-c|/etc/tbot.yaml|--debug", "tbot|start|-c|/etc/tbot.yaml|--debug");
    assert_masked("tbot|--proxy-server=a.example:443|--join-method|token",
                  "tbot|--proxy-server=a.example:443|--join-method|token");
    assert_masked("tbot|--registration-secret-path|/a|--storage|file:///b@c",
                  "tbot|--registration-secret-path|/a|--storage|file://***@c");
}

static void test_values_of_secret_options_are_masked(void **state)
{
    (void)state;
    assert_masked("tbot|start|--token|s3cret|--oneshot", "tbot|start|--token|***|--oneshot");
    assert_masked("tbot|--token=s3cret", "tbot|--token=***");
    assert_masked("tbot|--join-uri=tbot+proxy+token://s3cret@a:1|x", "tbot|--join-uri=***|x");
    assert_masked("tbot|--join-uri|tbot+proxy+token://s3cret@a:1", "tbot|--join-uri|***");
    assert_masked("tbot|--registration-secret=s3cret", "tbot|--registration-secret=***");
    assert_masked("tbot|--registration-secret|--s3cret|-d", "tbot|--registration-secret|***|-d");
    assert_masked("tbot|--token", "tbot|--token");
}

static void test_a_uri_anywhere_loses_who_it_is_for(void **state)
{
    (void)state;
    assert_masked("tbot|tbot+proxy+token://s3cret@a.example:443",
                  "tbot|tbot+proxy+token://***@a.example:443");
    assert_masked("tbot|--proxy=https://u:s3/cr@et@a.example",
                  "tbot|--proxy=https://***@a.example");
    assert_masked("tbot|https://a.example/", "tbot|https://a.example/");
}

static void test_words_without_an_end_are_read_to_theirs(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out = BUF_INIT(100);
    assert_ok(cmdline_mask((struct bytes){(const uint8_t *)"tbot\0--tokenX", 12}, &out));
    assert_int_equal(out.len, 13);
    assert_memory_equal(out.data, "tbot\0--token\0", 13);
}

static void test_reads_its_own(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 20);
    assert_ok(cmdline_read(&out));
    assert_non_null(strstr(buf_str(&out), "test_profile_cmdline"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_secret_stays),
        cmocka_unit_test(test_values_of_secret_options_are_masked),
        cmocka_unit_test(test_a_uri_anywhere_loses_who_it_is_for),
        cmocka_unit_test(test_words_without_an_end_are_read_to_theirs),
        cmocka_unit_test(test_reads_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
