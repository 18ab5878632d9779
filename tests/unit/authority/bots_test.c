/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/bots.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

#include <stdio.h>

static struct bot *new_bot(struct bots *bots, const char *name)
{
    struct bot *bot = NULL;
    const struct strlist none = {0};
    assert_ok(bots_add(bots, name, &none, &bot));
    return bot;
}

static void test_add_odd_name_is_refused(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    const struct strlist none = {0};
    struct bot *bot = NULL;
    assert_fails(bots_add(&bots, "", &none, &bot), ERR_REJECTED, "1 to 128");
    assert_fails(bots_add(&bots, "a\"b", &none, &bot), ERR_REJECTED, "a\"b");
    assert_fails(bots_add(&bots, "a\nb", &none, &bot), ERR_REJECTED, "cannot be");
    assert_null(bot);
    assert_int_equal(bots.len, 0);
}

static void test_add_blank_in_name_becomes_dash_in_user(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "my bot");
    assert_string_equal(bot->user, "bot-my-bot");
    assert_ptr_equal(bots_find(&bots, "my bot"), bot);
    assert_ptr_equal(bots_find_user(&bots, "bot-my-bot"), bot);
    /* Another name for the same user would share its generations. */
    const struct strlist none = {0};
    assert_fails(bots_add(&bots, "my-bot", &none, &bot), ERR_REJECTED, "already");
}

static void test_renew_in_order_counts_up(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "", &generation));
    for (int64_t i = 1; i < 100; i++) {
        assert_int_equal(generation, i);
        assert_ok(bot_renew(bot, "", i, &generation));
    }
    assert_int_equal(bot_generation(bot), 100);
    assert_false(bot->is_locked);
}

static void test_renew_with_old_generation_locks_for_good(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "", &generation));
    assert_ok(bot_renew(bot, "", 1, &generation));
    generation = -7;
    assert_fails(bot_renew(bot, "", 1, &generation), ERR_DENIED,
                 "generation mismatch: stored=2, presented=1");
    assert_int_equal(generation, -7);
    assert_true(bot->is_locked);
    assert_fails(bot_renew(bot, "", 2, &generation), ERR_LOCKED,
                 "lock targeting User:\"bot-b\" is in force");
    assert_fails(bot_join(bot, "", &generation), ERR_LOCKED, "is in force");
    assert_int_equal(bot_generation(bot), 2);
}

static void test_renew_with_later_generation_locks_too(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "i-1", &generation));
    assert_fails(bot_renew(bot, "i-1", 2, &generation), ERR_DENIED,
                 "for bot b/i-1: stored=1, presented=2");
    assert_true(bot->is_locked);
}

static void test_renew_without_generation_is_denied_without_lock(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "i-1", &generation));
    assert_fails(bot_renew(bot, "i-1", 0, &generation), ERR_DENIED, "must be provided");
    assert_false(bot->is_locked);
    assert_int_equal(bot_generation(bot), 1);
}

static void test_join_twice_without_instances_is_refused(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "", &generation));
    assert_fails(bot_join(bot, "", &generation), ERR_REJECTED, "already been issued");
}

static void test_join_twice_with_instances_keeps_both_apart(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_join(bot, "one", &generation));
    assert_ok(bot_renew(bot, "one", 1, &generation));
    assert_ok(bot_renew(bot, "one", 2, &generation));
    assert_ok(bot_join(bot, "two", &generation));
    assert_int_equal(generation, 1);
    /* The label shows who was heard of last. */
    assert_int_equal(bot_generation(bot), 1);
    assert_ok(bot_renew(bot, "one", 3, &generation));
    assert_int_equal(generation, 4);
    assert_int_equal(bot_generation(bot), 4);
}

static void test_renew_unknown_instance_begins_anew(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    assert_ok(bot_renew(bot, "forgotten", 41, &generation));
    assert_int_equal(generation, 1);
    /* There is nothing to be unknown about where there are no instances. */
    struct bot *old = new_bot(&bots, "old");
    assert_fails(bot_renew(old, "", 41, &generation), ERR_DENIED, "stored=0, presented=41");
}

static void test_instances_past_the_limit_forget_the_oldest(void **state)
{
    (void)state;
    CLEANUP(bots_release) struct bots bots = {0};
    struct bot *bot = new_bot(&bots, "b");
    int64_t generation = 0;
    for (int i = 0; i < BOTS_MAX_INSTANCES; i++) {
        char id[8];
        snprintf(id, sizeof(id), "i%d", i);
        assert_ok(bot_join(bot, id, &generation));
    }
    assert_ok(bot_renew(bot, "i0", 1, &generation)); /* now i1 is the oldest */
    assert_ok(bot_join(bot, "more", &generation));
    assert_int_equal(bot->n_instances, BOTS_MAX_INSTANCES);
    assert_ok(bot_renew(bot, "i0", 2, &generation));
    assert_int_equal(generation, 3);
    assert_ok(bot_renew(bot, "i1", 1, &generation));
    assert_int_equal(generation, 1); /* forgotten: anew */
}

static void test_uuid_has_version_and_variant(void **state)
{
    (void)state;
    struct fake_entropy dice;
    char a[BOTS_UUID_SIZE], b[BOTS_UUID_SIZE];
    fake_entropy_init(&dice, 1);
    bots_uuid(&dice.entropy, a);
    bots_uuid(&dice.entropy, b);
    assert_int_equal(strlen(a), 36);
    assert_true(a[14] == '4' && strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_odd_name_is_refused),
        cmocka_unit_test(test_add_blank_in_name_becomes_dash_in_user),
        cmocka_unit_test(test_renew_in_order_counts_up),
        cmocka_unit_test(test_renew_with_old_generation_locks_for_good),
        cmocka_unit_test(test_renew_with_later_generation_locks_too),
        cmocka_unit_test(test_renew_without_generation_is_denied_without_lock),
        cmocka_unit_test(test_join_twice_without_instances_is_refused),
        cmocka_unit_test(test_join_twice_with_instances_keeps_both_apart),
        cmocka_unit_test(test_renew_unknown_instance_begins_anew),
        cmocka_unit_test(test_instances_past_the_limit_forget_the_oldest),
        cmocka_unit_test(test_uuid_has_version_and_variant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
