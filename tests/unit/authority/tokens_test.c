/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/tokens.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

static void test_use_token_is_good_once(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    const char *bot = NULL;
    assert_ok(tokens_add(&t, "one", "a"));
    assert_ok(tokens_add(&t, "two", "b"));
    assert_ok(tokens_find(&t, "one", &bot));
    assert_string_equal(bot, "a");
    assert_ok(tokens_use(&t, "one"));
    bot = NULL;
    assert_fails(tokens_find(&t, "one", &bot), ERR_DENIED, "expired or not found");
    assert_null(bot);
    assert_fails(tokens_use(&t, "one"), ERR_DENIED, "expired or not found");
    assert_ok(tokens_find(&t, "two", &bot));
    assert_string_equal(bot, "b");
}

static void test_find_token_is_exact(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    const char *bot = NULL;
    assert_ok(tokens_add(&t, "secret", "a"));
    assert_fails(tokens_find(&t, "secre", &bot), ERR_DENIED, "");
    assert_fails(tokens_find(&t, "secrets", &bot), ERR_DENIED, "");
    assert_fails(tokens_find(&t, "", &bot), ERR_DENIED, "");
}

static void test_add_used_token_does_not_come_back(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    bool is_used = true;
    assert_ok(tokens_was_used(&t, "one", &is_used));
    assert_false(is_used);
    assert_ok(tokens_add(&t, "one", "a"));
    assert_fails(tokens_add(&t, "one", "a"), ERR_REJECTED, "exists already");
    assert_ok(tokens_use(&t, "one"));
    assert_fails(tokens_add(&t, "one", "a"), ERR_REJECTED, "was used before");
    assert_ok(tokens_was_used(&t, "one", &is_used));
    assert_true(is_used);
}

static void test_used_token_is_not_kept_in_clear(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    assert_ok(tokens_add(&t, "very-secret", "a"));
    assert_ok(tokens_use(&t, "very-secret"));
    assert_int_equal(t.used.len, 1);
    assert_null(strstr(t.used.items[0], "very-secret"));
}

static void test_add_token_of_odd_length_is_refused(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    char longest[TOKENS_MAX_LEN + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_fails(tokens_add(&t, "", "a"), ERR_REJECTED, "1 to 256");
    assert_fails(tokens_add(&t, longest, "a"), ERR_REJECTED, "1 to 256");
    longest[TOKENS_MAX_LEN] = '\0';
    assert_ok(tokens_add(&t, longest, "a"));
}

static void test_random_token_is_32_hex_digits(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 3);
    CLEANUP(secret_freep) struct secret *a = NULL;
    CLEANUP(secret_freep) struct secret *b = NULL;
    assert_ok(tokens_random(&dice.entropy, &a));
    assert_ok(tokens_random(&dice.entropy, &b));
    assert_int_equal(strspn(secret_str(a), "0123456789abcdef"), 32);
    assert_int_equal(secret_bytes(a).len, 32);
    assert_false(secret_equals(a, secret_bytes(b)));
}

static void test_token_of_bot_is_found(void **state)
{
    (void)state;
    CLEANUP(tokens_release) struct tokens t = {0};
    assert_ok(tokens_add(&t, "one", "a"));
    assert_null(tokens_of_bot(&t, "b"));
    assert_string_equal(secret_str(tokens_of_bot(&t, "a")), "one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_use_token_is_good_once),
        cmocka_unit_test(test_find_token_is_exact),
        cmocka_unit_test(test_add_used_token_does_not_come_back),
        cmocka_unit_test(test_used_token_is_not_kept_in_clear),
        cmocka_unit_test(test_add_token_of_odd_length_is_refused),
        cmocka_unit_test(test_random_token_is_32_hex_digits),
        cmocka_unit_test(test_token_of_bot_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
