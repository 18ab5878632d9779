/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include "tests/support/assert_err.h"

static void test_init_when_repeated_wants_as_many_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(transport_init(NULL));
        assert_ok(transport_init(NULL));
        transport_shutdown();
        transport_shutdown();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_when_repeated_wants_as_many_ends),
    };
    return cmocka_run_group_tests_name("transport/transport", tests, NULL, NULL);
}
