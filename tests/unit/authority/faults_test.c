/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/faults.h"

#include "tests/support/assert_err.h"

static struct err *parse(const char *line, struct fault *ret)
{
    CLEANUP(strlist_release) struct strlist words = {0};
    TRY(faults_split_line(line, &words));
    return fault_parse(&words, ret);
}

static void add(struct faults *f, const char *line)
{
    struct fault fault = {0};
    assert_ok(parse(line, &fault));
    assert_ok(faults_add(f, &fault));
}

static void test_parse_everything_a_fault_can_say(void **state)
{
    (void)state;
    struct fault f = {0};
    assert_ok(parse("error UNAVAILABLE \"try \\\"later\\\"\" count 3 method Ping", &f));
    assert_int_equal(f.kind, FAULT_ERROR);
    assert_int_equal(f.number, 14);
    assert_string_equal(f.text, "try \"later\"");
    assert_string_equal(f.method, "Ping");
    assert_int_equal(f.count, 3);
    assert_ok(parse("  clock-skew\t-7200  ", &f));
    assert_int_equal(f.kind, FAULT_CLOCK_SKEW);
    assert_int_equal(f.number, -7200);
    assert_ok(parse("slow 250 method /webapi/find", &f));
    assert_int_equal(f.number, 250);
    assert_int_equal(f.count, 0);
}

static void test_every_kind_parses_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        enum fault_kind kind;
        assert_true(fault_kind_parse(fault_kind_name((enum fault_kind)i), &kind));
        assert_int_equal((int)kind, i);
    }
}

static void test_parse_mistakes_are_told(void **state)
{
    (void)state;
    const struct {
        const char *line, *part;
    } wrong[] = {
        {"", "no fault ''"},
        {"explode", "no fault 'explode'"},
        {"slow", "needs a number"},
        {"slow fast", "'fast' is not a number"},
        {"slow -1", "'-1' is not a number"},
        {"slow 9999999999999999999999", "not a number"},
        {"hang count", "needs a count"},
        {"hang count 0", "'0' is not a number"},
        {"hang forever", "does not know 'forever'"},
        {"refuse method Ping", "does not know 'method'"},
        {"ttl 60 count 1", "does not know 'count'"},
        {"error OK fine", "'OK' is not an error code"},
        {"error 99 text", "'99' is not an error code"},
        {"error UNAVAILABLE", "needs a text"},
        {"error UNAVAILABLE \"no end", "has no end"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct fault f = {.number = -42};
        assert_fails(parse(wrong[i].line, &f), ERR_USAGE, wrong[i].part);
        assert_int_equal(f.number, -42);
    }
}

static void test_parse_too_long_is_refused(void **state)
{
    (void)state;
    char line[FAULTS_MAX_TEXT + 64] = "hang method ";
    size_t len = strlen(line);
    struct fault f = {0};
    memset(line + len, 'm', FAULTS_MAX_METHOD);
    line[len + FAULTS_MAX_METHOD] = '\0';
    assert_fails(parse(line, &f), ERR_USAGE, "longer than 127");
    line[len + FAULTS_MAX_METHOD - 1] = '\0';
    assert_ok(parse(line, &f));
}

static void test_take_counts_down_and_ends(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    add(&f, "hang count 2");
    assert_true(faults_take(&f, FAULT_HANG, "/a/B", NULL));
    assert_true(faults_take(&f, FAULT_HANG, "/a/B", NULL));
    assert_false(faults_take(&f, FAULT_HANG, "/a/B", NULL));
    assert_int_equal(f.len, 0);
}

static void test_take_without_count_lasts_until_cleared(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    add(&f, "hang");
    add(&f, "slow 5");
    for (int i = 0; i < 100; i++)
        assert_true(faults_take(&f, FAULT_HANG, NULL, NULL));
    faults_clear_kind(&f, FAULT_HANG);
    assert_false(faults_take(&f, FAULT_HANG, NULL, NULL));
    assert_true(faults_take(&f, FAULT_SLOW, "/x", NULL));
    faults_clear(&f);
    assert_false(faults_take(&f, FAULT_SLOW, "/x", NULL));
}

static void test_take_with_method_meets_only_that(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    struct fault got = {0};
    add(&f, "slow 7 method GenerateUserCerts");
    assert_false(faults_take(&f, FAULT_SLOW, "/proto.AuthService/Ping", &got));
    assert_false(faults_take(&f, FAULT_SLOW, "/x/NotGenerateUserCerts", &got));
    assert_false(faults_take(&f, FAULT_SLOW, NULL, &got)); /* not the connection's */
    assert_true(faults_take(&f, FAULT_SLOW, "/proto.AuthService/GenerateUserCerts", &got));
    assert_int_equal(got.number, 7);
}

static void test_method_names_a_path_its_end_or_its_variant(void **state)
{
    (void)state;
    assert_true(fault_method_matches("/a.B/C", "/a.B/C"));
    assert_true(fault_method_matches("C", "/a.B/C"));
    assert_false(fault_method_matches("", "/a.B/C"));
    assert_false(fault_method_matches("renewal", "/a.B/C"));
    const char *path = "/a.B/C#renewal";
    assert_true(fault_method_matches("/a.B/C", path));
    assert_true(fault_method_matches("C", path));
    assert_true(fault_method_matches("renewal", path));
    assert_false(fault_method_matches("output", path));
    assert_false(fault_method_matches("a.B/C", path));
    assert_false(fault_method_matches("C#", path));
}

static void test_take_first_of_several_counts(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    struct fault got = {0};
    add(&f, "slow 1 method A count 1");
    add(&f, "slow 2");
    assert_true(faults_take(&f, FAULT_SLOW, "/s/A", &got));
    assert_int_equal(got.number, 1);
    assert_true(faults_take(&f, FAULT_SLOW, "/s/A", &got));
    assert_int_equal(got.number, 2);
}

static void test_find_does_not_count(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    add(&f, "expire count 1");
    assert_non_null(faults_find(&f, FAULT_EXPIRE, NULL));
    assert_non_null(faults_find(&f, FAULT_EXPIRE, NULL));
    assert_null(faults_find(&f, FAULT_TTL, NULL));
}

static void test_add_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct faults f = {.len = 0};
    const struct fault one = {.kind = FAULT_HANG};
    for (int i = 0; i < FAULTS_MAX; i++)
        assert_ok(faults_add(&f, &one));
    assert_fails(faults_add(&f, &one), ERR_REJECTED, "64 faults");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_everything_a_fault_can_say),
        cmocka_unit_test(test_every_kind_parses_by_its_name),
        cmocka_unit_test(test_parse_mistakes_are_told),
        cmocka_unit_test(test_parse_too_long_is_refused),
        cmocka_unit_test(test_take_counts_down_and_ends),
        cmocka_unit_test(test_take_without_count_lasts_until_cleared),
        cmocka_unit_test(test_take_with_method_meets_only_that),
        cmocka_unit_test(test_method_names_a_path_its_end_or_its_variant),
        cmocka_unit_test(test_take_first_of_several_counts),
        cmocka_unit_test(test_find_does_not_count),
        cmocka_unit_test(test_add_past_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
