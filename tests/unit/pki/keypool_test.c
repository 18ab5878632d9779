/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/keypool.h"

#include "tests/support/assert_err.h"

#include <pthread.h>

static struct keypool *new_pool(void)
{
    struct keypool *p = NULL;
    assert_ok(keypool_new(&p));
    return p;
}

static void fill(struct keypool *p)
{
    bool more = true;
    while (more)
        assert_ok(keypool_fill_one(p, &more));
}

static void test_take_when_empty_makes_a_key(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    CLEANUP(key_freep) struct key *k = NULL;
    assert_ok(keypool_take(p, KEY_ED25519, &k));
    assert_int_equal(key_get_kind(k), KEY_ED25519);
}

static void test_fill_one_makes_what_is_wanted_and_no_more(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    bool more = true;
    assert_ok(keypool_fill_one(p, &more));
    assert_false(more);
    keypool_want(p, KEY_ECDSA_P256, 2);
    keypool_want(p, KEY_ED25519, 1);
    fill(p);
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 2);
    assert_int_equal(keypool_ready(p, KEY_ED25519), 1);
    assert_ok(keypool_fill_one(p, &more));
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 2);
}

static void test_take_hands_each_key_out_once(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    keypool_want(p, KEY_ECDSA_P256, 2);
    fill(p);
    CLEANUP(key_freep) struct key *a = NULL;
    CLEANUP(key_freep) struct key *b = NULL;
    assert_ok(keypool_take(p, KEY_ECDSA_P256, &a));
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 1);
    assert_ok(keypool_take(p, KEY_ECDSA_P256, &b));
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 0);
    assert_false(key_equals(a, b));
}

static void test_want_when_less_wipes_the_rest(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    keypool_want(p, KEY_ED25519, 1000);
    fill(p);
    assert_int_equal(keypool_ready(p, KEY_ED25519), KEYPOOL_DEPTH_MAX);
    keypool_want(p, KEY_ED25519, 0);
    assert_int_equal(keypool_ready(p, KEY_ED25519), 0);
}

static void *fill_from_thread(void *arg)
{
    bool more = true;
    while (more) {
        if (keypool_fill_one(arg, &more))
            return arg;
    }
    return NULL;
}

static void test_fill_from_several_threads_does_not_overshoot(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    keypool_want(p, KEY_ECDSA_P256, 5);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fill_from_thread, p), 0);
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_when_empty_makes_a_key),
        cmocka_unit_test(test_fill_one_makes_what_is_wanted_and_no_more),
        cmocka_unit_test(test_take_hands_each_key_out_once),
        cmocka_unit_test(test_want_when_less_wipes_the_rest),
        cmocka_unit_test(test_fill_from_several_threads_does_not_overshoot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
