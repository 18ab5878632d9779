/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/keypool.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct err *__real_key_generate(enum key_kind kind, struct key **ret);
struct err *__wrap_key_generate(enum key_kind kind, struct key **ret);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);

static struct keypool *new_pool(void)
{
    struct keypool *p = NULL;
    assert_ok(keypool_new(NULL, &p));
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

/* --- threads that meet over one key --- */

static struct {
    bool is_on;
    bool makes_none;
    int n_others;         /* that come before the first key is done: it takes until then */
    atomic_int n_made;    /* keys begun */
    atomic_int n_at_once; /* keys begun while the first was being made, it included */
    atomic_bool is_done;  /* the first is made */
    sem_t making;         /* it is begun */
    sem_t waiting;        /* somebody waits for a key, or has begun another */
} meeting;

static struct err *make_first(enum key_kind kind, struct key **ret)
{
    sem_post(&meeting.making);
    for (int i = 0; i < meeting.n_others; i++)
        sem_wait(&meeting.waiting);
    atomic_store(&meeting.is_done, true);
    if (meeting.makes_none)
        return err_new(ERR_CRYPTO, "no key today");
    return __real_key_generate(kind, ret);
}

struct err *__wrap_key_generate(enum key_kind kind, struct key **ret)
{
    if (!meeting.is_on)
        return __real_key_generate(kind, ret);
    if (!atomic_load(&meeting.is_done))
        atomic_fetch_add(&meeting.n_at_once, 1);
    if (atomic_fetch_add(&meeting.n_made, 1) == 0)
        return make_first(kind, ret);
    sem_post(&meeting.waiting);
    return __real_key_generate(kind, ret);
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    sem_post(&meeting.waiting);
    return __real_pthread_cond_wait(cond, lock);
}

static void *fill_one_from_thread(void *arg)
{
    bool more;
    return keypool_fill_one(arg, &more);
}

static void *take_from_thread(void *arg)
{
    CLEANUP(key_freep) struct key *k = NULL;
    return keypool_take(arg, KEY_ED25519, &k);
}

/* Starts making a key that is not done before `n_others` have come. */
static pthread_t begin_first(struct keypool *p, int n_others)
{
    pthread_t maker;
    meeting.is_on = true;
    meeting.n_others = n_others;
    atomic_store(&meeting.n_made, 0);
    atomic_store(&meeting.n_at_once, 0);
    atomic_store(&meeting.is_done, false);
    sem_init(&meeting.making, 0, 0);
    sem_init(&meeting.waiting, 0, 0);
    assert_int_equal(pthread_create(&maker, NULL, fill_one_from_thread, p), 0);
    sem_wait(&meeting.making);
    return maker;
}

static struct err *end_first(pthread_t maker)
{
    void *e = NULL;
    pthread_join(maker, &e);
    meeting.is_on = false;
    return e;
}

static void test_take_when_one_is_being_made_waits_for_it(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    CLEANUP(key_freep) struct key *k = NULL;
    keypool_want(p, KEY_ED25519, 1);
    pthread_t maker = begin_first(p, 1);
    assert_ok(keypool_take(p, KEY_ED25519, &k));
    assert_ok(end_first(maker));
    assert_non_null(k);
    assert_int_equal(meeting.n_made, 1);
    assert_int_equal(keypool_ready(p, KEY_ED25519), 0);
}

static void test_take_when_another_waits_for_it_makes_its_own_meanwhile(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    CLEANUP(key_freep) struct key *k = NULL;
    pthread_t other;
    void *e = NULL;
    keypool_want(p, KEY_ED25519, 1);
    pthread_t maker = begin_first(p, 2);
    assert_int_equal(pthread_create(&other, NULL, take_from_thread, p), 0);
    assert_ok(keypool_take(p, KEY_ED25519, &k));
    assert_ok(end_first(maker));
    pthread_join(other, &e);
    assert_ok((struct err *)e);
    assert_int_equal(meeting.n_at_once, 2);
}

static void test_take_when_the_awaited_key_fails_makes_its_own(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    CLEANUP(key_freep) struct key *k = NULL;
    keypool_want(p, KEY_ED25519, 1);
    meeting.makes_none = true;
    pthread_t maker = begin_first(p, 1);
    assert_ok(keypool_take(p, KEY_ED25519, &k));
    assert_fails(end_first(maker), ERR_CRYPTO, "no key today");
    meeting.makes_none = false;
    assert_non_null(k);
    assert_int_equal(meeting.n_made, 2);
}

static void test_take_when_the_one_being_made_is_of_another_kind_does_not_wait(void **state)
{
    (void)state;
    CLEANUP(keypool_freep) struct keypool *p = new_pool();
    CLEANUP(key_freep) struct key *k = NULL;
    keypool_want(p, KEY_ECDSA_P256, 1);
    pthread_t maker = begin_first(p, 1);
    assert_ok(keypool_take(p, KEY_ED25519, &k));
    assert_ok(end_first(maker));
    assert_int_equal(key_get_kind(k), KEY_ED25519);
    assert_int_equal(meeting.n_at_once, 2);
    assert_int_equal(keypool_ready(p, KEY_ECDSA_P256), 1);
}

struct told {
    unsigned n;
    enum key_kind kind;
    struct dur took;
};

static void note(void *arg, enum key_kind kind, struct dur took)
{
    struct told *t = arg;
    *t = (struct told){t->n + 1, kind, took};
}

static void test_made_is_told_of_every_key_and_how_long_it_took(void **state)
{
    (void)state;
    struct fake_clock now;
    struct told told = {0};
    const struct keypool_config config = {.clock = &now.clock, .made = note, .arg = &told};
    CLEANUP(keypool_freep) struct keypool *p = NULL;
    CLEANUP(key_freep) struct key *ready = NULL;
    CLEANUP(key_freep) struct key *own = NULL;
    fake_clock_init(&now, "2026-01-02T03:04:05Z");
    now.tick = dur_s(3);
    assert_ok(keypool_new(&config, &p));
    keypool_want(p, KEY_ECDSA_P256, 1);
    fill(p);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.kind, KEY_ECDSA_P256);
    assert_int_equal(told.took.ns, dur_s(3).ns);
    assert_ok(keypool_take(p, KEY_ECDSA_P256, &ready));
    assert_int_equal(told.n, 1);
    assert_ok(keypool_take(p, KEY_ED25519, &own));
    assert_int_equal(told.n, 2);
    assert_int_equal(told.kind, KEY_ED25519);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_when_empty_makes_a_key),
        cmocka_unit_test(test_fill_one_makes_what_is_wanted_and_no_more),
        cmocka_unit_test(test_take_hands_each_key_out_once),
        cmocka_unit_test(test_want_when_less_wipes_the_rest),
        cmocka_unit_test(test_fill_from_several_threads_does_not_overshoot),
        cmocka_unit_test(test_take_when_one_is_being_made_waits_for_it),
        cmocka_unit_test(test_take_when_another_waits_for_it_makes_its_own_meanwhile),
        cmocka_unit_test(test_take_when_the_awaited_key_fails_makes_its_own),
        cmocka_unit_test(test_take_when_the_one_being_made_is_of_another_kind_does_not_wait),
        cmocka_unit_test(test_made_is_told_of_every_key_and_how_long_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
