/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/version.h"

#include "tests/support/assert_err.h"

static void test_major_when_a_version_is_its_first_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned major;
    } cases[] = {{"15.4.2", 15}, {"18.0.0-rc.1", 18}, {"9.1", 9}, {"0.0.1", 0}, {"1000.2.3", 1000}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned major = 77;
        assert_ok(version_major(cases[i].text, &major));
        assert_int_equal(major, cases[i].major);
    }
}

static void test_major_when_no_version_is_a_protocol_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  "v15.0.0", "15",        "-1.0",
                                      "x", ".1",      "99999.1.0", "15-rc.1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        unsigned major = 77;
        assert_fails(version_major(bad[i], &major), ERR_PROTOCOL, "server version");
        assert_int_equal(major, 77);
    }
}

static void test_sendable_when_semantic(void **state)
{
    (void)state;
    assert_true(version_is_sendable("15.4.2"));
    assert_true(version_is_sendable("18.0.0-rc.1"));
    assert_true(version_is_sendable("18.0.0+build5"));
    assert_false(version_is_sendable(""));
    assert_false(version_is_sendable("18.0"));
    assert_false(version_is_sendable("18.0.0.1"));
    assert_false(version_is_sendable("18.0.0-\r\nx: y"));
    assert_false(version_is_sendable("18.0.x"));
    assert_false(version_is_sendable(
        "18.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_major_when_a_version_is_its_first_number),
        cmocka_unit_test(test_major_when_no_version_is_a_protocol_error),
        cmocka_unit_test(test_sendable_when_semantic),
    };
    return cmocka_run_group_tests_name("transport/version", tests, NULL, NULL);
}
