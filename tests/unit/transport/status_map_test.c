/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/status_map.h"

#include "tests/support/assert_err.h"

static enum err_code take_code(struct err *e)
{
    enum err_code code = err_code(e);
    err_free(e);
    return code;
}

static void test_grpc_when_any_status_has_the_code_that_says_what_to_do(void **state)
{
    (void)state;
    static const enum err_code wanted[] = {
        [1] = ERR_UNAVAILABLE, [2] = ERR_REJECTED,     [3] = ERR_REJECTED,
        [4] = ERR_TIMEOUT,     [5] = ERR_NOT_FOUND,    [6] = ERR_REJECTED,
        [7] = ERR_DENIED,      [8] = ERR_BUSY,         [9] = ERR_BUSY,
        [10] = ERR_BUSY,       [11] = ERR_REJECTED,    [12] = ERR_UNIMPLEMENTED,
        [13] = ERR_PROTOCOL,   [14] = ERR_UNAVAILABLE, [15] = ERR_PROTOCOL,
        [16] = ERR_DENIED,
    };
    for (int status = 1; status <= 16; status++)
        assert_int_equal(take_code(status_map_grpc(status, "text")), wanted[status]);
    assert_int_equal(take_code(status_map_grpc(17, "")), ERR_PROTOCOL);
    assert_int_equal(take_code(status_map_grpc(-1, "")), ERR_PROTOCOL);
}

static void test_grpc_when_it_has_a_text_tells_it(void **state)
{
    (void)state;
    assert_fails(status_map_grpc(14, "backend is down"), ERR_UNAVAILABLE,
                 "UNAVAILABLE: backend is down");
    assert_fails(status_map_grpc(14, ""), ERR_UNAVAILABLE, "UNAVAILABLE");
}

static void test_denied_when_the_text_speaks_of_a_lock_is_locked(void **state)
{
    (void)state;
    struct err *e = status_map_grpc(7, "lock targeting User:\"bot-x\" is in force");
    assert_int_equal(err_code(e), ERR_LOCKED);
    assert_non_null(err_hint(e));
    err_free(e);
    assert_int_equal(take_code(status_map_grpc(7, "renewable cert generation mismatch: stored=4")),
                     ERR_LOCKED);
    assert_int_equal(take_code(status_map_http(403, "the lock is in force")), ERR_LOCKED);
    /* The text refines a refusal, it does not make one. */
    assert_int_equal(take_code(status_map_grpc(14, "the lock is in force")), ERR_UNAVAILABLE);
}

static void test_http_when_any_status_has_the_code_that_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        enum err_code code;
    } cases[] = {
        {400, ERR_REJECTED},    {401, ERR_DENIED},      {403, ERR_DENIED},
        {404, ERR_NOT_FOUND},   {409, ERR_REJECTED},    {418, ERR_REJECTED},
        {429, ERR_BUSY},        {500, ERR_UNAVAILABLE}, {502, ERR_UNAVAILABLE},
        {503, ERR_UNAVAILABLE}, {504, ERR_TIMEOUT},     {501, ERR_UNIMPLEMENTED},
        {302, ERR_PROTOCOL},    {999, ERR_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(take_code(status_map_http(cases[i].status, "")), cases[i].code);
    assert_fails(status_map_http(403, "no"), ERR_DENIED, "HTTP status 403: no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grpc_when_any_status_has_the_code_that_says_what_to_do),
        cmocka_unit_test(test_grpc_when_it_has_a_text_tells_it),
        cmocka_unit_test(test_denied_when_the_text_speaks_of_a_lock_is_locked),
        cmocka_unit_test(test_http_when_any_status_has_the_code_that_says_what_to_do),
    };
    return cmocka_run_group_tests_name("transport/status_map", tests, NULL, NULL);
}
