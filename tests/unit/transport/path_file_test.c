/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_file.h"

#include "tests/support/assert_err.h"

#define HASH_A "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
#define HASH_B "9b74c9897bac770ffc029102a200c5de6b2a8c3e5e5c3b3c8f9f3f5c2d1e0f00"

/* What is on the disks of those who use it: it must go on being read. */
static const char whole[] = "{\n"
                            "  \"version\": 1,\n"
                            "  \"settings\": \"" HASH_A "\",\n"
                            "  \"proven\": \"" HASH_B "\",\n"
                            "  \"kind\": \"unknown\",\n"
                            "  \"route\": \"direct\",\n"
                            "  \"cluster\": \"example\",\n"
                            "  \"server_version\": \"17.2.0\",\n"
                            "  \"suite\": \"balanced-v1\",\n"
                            "  \"learnt\": 1767322800\n"
                            "}\n";

static const char least[] = "{\"version\":1,\"settings\":\"" HASH_A "\",\"kind\":\"proxy\","
                            "\"learnt\":0,\"something\":[\"of later\"]}";

static RESULT decode(const char *text, struct path_file *ret)
{
    return path_file_decode(bytes_of_str(text), ret);
}

static void test_decode_of_a_whole_file_gives_all_of_it(void **state)
{
    (void)state;
    struct path_file f;
    assert_ok(decode(whole, &f));
    assert_string_equal(f.settings, HASH_A);
    assert_string_equal(f.proven, HASH_B);
    assert_int_equal(f.kind, PATH_UNKNOWN);
    assert_true(f.has_route);
    assert_int_equal(f.route, ROUTE_DIRECT);
    assert_string_equal(f.cluster, "example");
    assert_string_equal(f.server_version, "17.2.0");
    assert_int_equal(f.suite, SUITE_BALANCED_V1);
    assert_int_equal(wall_to_unix(f.learnt), 1767322800);
}

static void test_encode_is_as_documented(void **state)
{
    (void)state;
    struct path_file f;
    CLEANUP(buf_release) struct buf out = BUF_INIT(PATH_FILE_MAX);
    assert_ok(decode(whole, &f));
    assert_ok(path_file_encode(&f, &out));
    assert_string_equal(buf_str(&out), whole);
}

static void test_decode_of_the_least_leaves_the_rest_unknown(void **state)
{
    (void)state;
    struct path_file f;
    CLEANUP(buf_release) struct buf out = BUF_INIT(PATH_FILE_MAX);
    assert_ok(decode(least, &f));
    assert_false(f.has_route);
    assert_string_equal(f.proven, "");
    assert_string_equal(f.cluster, "");
    assert_string_equal(f.server_version, "");
    assert_ok(path_file_encode(&f, &out));
    assert_null(strstr(buf_str(&out), "route"));
    assert_null(strstr(buf_str(&out), "suite"));
}

static void test_decode_of_a_cut_file_is_refused_at_every_length(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(whole) - sizeof("}\n") + 1; len++) {
        struct path_file f = {.kind = PATH_AUTH, .settings = "untouched"};
        assert_fails(path_file_decode((struct bytes){(const uint8_t *)whole, len}, &f), ERR_STORAGE,
                     "damaged or foreign");
        assert_string_equal(f.settings, "untouched");
    }
}

static void test_decode_of_what_makes_no_sense_is_refused_by_name(void **state)
{
    (void)state;
#define HEAD "{\"version\":1,\"settings\":\"" HASH_A "\",\"kind\":"
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "not JSON"},
        {"[]", "not an object"},
        {"{}", "'version'"},
        {"{\"version\":2}", "'version'"},
        {"{\"version\":\"1\"}", "'version'"},
        {"{\"version\":1}", "'settings'"},
        {"{\"version\":1,\"settings\":\"abc\"}", "'settings'"},
        {"{\"version\":1,\"settings\":\"../../etc/passwd\"}", "'settings'"},
        {HEAD "\"both\",\"learnt\":1}", "'kind'"},
        {HEAD "1,\"learnt\":1}", "'kind'"},
        {HEAD "\"auth\",\"route\":\"tls-routing\",\"learnt\":1}", "'route'"},
        {HEAD "\"proxy\",\"route\":\"direct\",\"learnt\":1}", "'route'"},
        {HEAD "\"unknown\",\"route\":\"tunnel\",\"learnt\":1}", "'route'"},
        {HEAD "\"auth\",\"proven\":\"yes\",\"learnt\":1}", "'proven'"},
        {HEAD "\"auth\",\"cluster\":\"a\\nb\",\"learnt\":1}", "'cluster'"},
        {HEAD "\"auth\",\"cluster\":\"a\\u0000b\",\"learnt\":1}", "not JSON"},
        {HEAD "\"auth\",\"suite\":\"legacy\",\"learnt\":1}", "'suite'"},
        {HEAD "\"auth\",\"learnt\":-1}", "'learnt'"},
        {HEAD "\"auth\",\"learnt\":1.5}", "'learnt'"},
        {HEAD "\"auth\",\"learnt\":9223372037}", "'learnt'"},
        {HEAD "\"auth\"}", "'learnt'"},
        {HEAD "\"auth\",\"kind\":\"auth\",\"learnt\":1}", "not JSON"},
        {HEAD "\"auth\",\"learnt\":1} and more", "not JSON"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct path_file f;
        assert_fails(decode(cases[i].text, &f), ERR_STORAGE, cases[i].part);
    }
}

static void test_encode_of_a_cluster_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    struct path_file f;
    CLEANUP(buf_release) struct buf out = BUF_INIT(PATH_FILE_MAX);
    assert_ok(decode(whole, &f));
    memcpy(f.cluster, "\xff", 2);
    assert_fails(path_file_encode(&f, &out), ERR_STORAGE, "'cluster'");
}

static void test_equals_looks_at_everything_but_the_time(void **state)
{
    (void)state;
    struct path_file a, b;
    assert_ok(decode(whole, &a));
    b = a;
    b.learnt = wall_of_unix(1);
    assert_true(path_file_equals(&a, &b));
    b.route = ROUTE_TLS_ROUTING;
    assert_false(path_file_equals(&a, &b));
    b = a;
    b.proven[0] = '\0';
    assert_false(path_file_equals(&a, &b));
    b = a;
    b.server_version[0] = '8';
    assert_false(path_file_equals(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_of_a_whole_file_gives_all_of_it),
        cmocka_unit_test(test_encode_is_as_documented),
        cmocka_unit_test(test_decode_of_the_least_leaves_the_rest_unknown),
        cmocka_unit_test(test_decode_of_a_cut_file_is_refused_at_every_length),
        cmocka_unit_test(test_decode_of_what_makes_no_sense_is_refused_by_name),
        cmocka_unit_test(test_encode_of_a_cluster_that_is_no_utf8_is_refused),
        cmocka_unit_test(test_equals_looks_at_everything_but_the_time),
    };
    return cmocka_run_group_tests_name("transport/path_file", tests, NULL, NULL);
}
