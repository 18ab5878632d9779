/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/heap_profile.h"

#include "diag/profile/heap_hook.h"
#include "proto_reader.h"
#include "tests/support/assert_err.h"
#include "tests/support/under_valgrind.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE };

#define MIB ((size_t)1 << 20)
#define N 4096

static struct proto_reader profile;
static void *kept[N];

static bool is_built(void)
{
    return &heap_hook_is_linked != NULL;
}

static bool is_in_effect(void)
{
    return is_built() && !is_under_valgrind();
}

static void read_profile(void)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 24);
    assert_ok(heap_profile_take(clock_system(), &out));
    proto_reader_release(&profile);
    proto_reader_read(&profile, buf_bytes(&out));
}

static uint64_t sum(size_t value, const char *function)
{
    return proto_reader_sum(&profile, value, function);
}

void keep_blocks(size_t n, size_t size);
__attribute__((noinline)) void keep_blocks(size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        kept[i] = malloc(size);
        assert_non_null(kept[i]);
    }
}

static void give_blocks(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
}

/* 16 MiB at one sample in 4 KiB: 4,000 samples, so within 15 % but for one run in a million. */
static void test_what_is_held_is_found_and_what_was_given_back_is_not(void **state)
{
    (void)state;
    if (!is_in_effect())
        skip();
    keep_blocks(N, 4096);
    read_profile();
    assert_in_range(sum(INUSE_SPACE, "keep_blocks"), 16 * MIB * 85 / 100, 16 * MIB * 115 / 100);
    assert_in_range(sum(INUSE_OBJECTS, "keep_blocks"), N * 85 / 100, N * 115 / 100);
    assert_int_equal(sum(ALLOC_SPACE, "keep_blocks"), sum(INUSE_SPACE, "keep_blocks"));
    uint64_t allocated = sum(ALLOC_SPACE, "keep_blocks");
    give_blocks(N);
    read_profile();
    assert_int_equal(sum(INUSE_SPACE, "keep_blocks"), 0);
    assert_int_equal(sum(ALLOC_SPACE, "keep_blocks"), allocated);
}

void keep_by_every_way(void);
__attribute__((noinline)) void keep_by_every_way(void)
{
    kept[0] = calloc(1024, MIB / 1024);
    kept[1] = realloc(malloc(10), MIB);
    assert_int_equal(posix_memalign(&kept[2], 4096, MIB), 0);
    kept[3] = aligned_alloc(64, MIB);
    kept[4] = memalign(64, MIB);
    kept[5] = OPENSSL_malloc(MIB);
    kept[6] = malloc(MIB);
    kept[6] = realloc(kept[6], 2 * MIB);
}

static void test_every_way_to_allocate_is_seen(void **state)
{
    (void)state;
    if (!is_in_effect())
        skip();
    keep_by_every_way();
    for (size_t i = 0; i < 7; i++)
        assert_non_null(kept[i]);
    read_profile();
    assert_in_range(sum(INUSE_SPACE, "keep_by_every_way"), 8 * MIB - 4096, 8 * MIB + 4096);
    OPENSSL_free(TAKE(kept[5]));
    give_blocks(7);
    read_profile();
    assert_in_range(sum(INUSE_SPACE, "keep_by_every_way"), 0, 4096);
}

static void test_odd_requests_end_as_glibc_has_it(void **state)
{
    (void)state;
    if (!is_in_effect()) /* sanitizers take such requests for a mistake */
        skip();
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 3, 10), EINVAL);
    assert_int_equal(posix_memalign(&p, 0, 10), EINVAL);
    assert_null(p);
    errno = 0;
    volatile size_t too_much = SIZE_MAX / 2;
    assert_null(calloc(too_much, 16));
    assert_int_equal(errno, ENOMEM);
    assert_null(malloc(too_much));
    p = realloc(NULL, 10);
    assert_non_null(p);
    free(p);
    free(NULL);
}

static void *churn(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    void *mine[64] = {0};
    for (unsigned i = 0; i < 100000; i++) {
        seed = seed * 1103515245 + 12345;
        void **at = &mine[seed >> 16 & 63];
        *at = seed & 1 ? realloc(*at, 1 + (seed >> 20 & 2047)) : (free(*at), malloc(100));
    }
    for (unsigned i = 0; i < 64; i++)
        free(mine[i]);
    return NULL;
}

/* Blocks wander between threads by way of glibc: an address is freed here and handed out there. */
static void test_threads_leave_nothing_behind(void **state)
{
    (void)state;
    if (!is_in_effect())
        skip();
    pthread_t threads[4];
    unsigned seeds[4] = {1, 2, 3, 4};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &seeds[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    read_profile();
    assert_true(sum(ALLOC_SPACE, "churn") > MIB);
    assert_int_equal(sum(INUSE_OBJECTS, "churn"), 0);
}

static void test_says_what_its_numbers_are(void **state)
{
    (void)state;
    if (!is_in_effect())
        skip();
    read_profile();
    assert_int_equal(profile.n_types, 4);
    assert_string_equal(profile.strings[profile.types[0]], "alloc_objects");
    assert_string_equal(profile.strings[profile.types[3]], "inuse_space");
    assert_string_equal(profile.strings[profile.shown], "inuse_space");
    assert_int_equal(profile.period, 4096);
}

static int start(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
    assert_fails(heap_profile_take(clock_system(), &out), ERR_UNAVAILABLE, "not begun");
    if (is_built())
        assert_ok(heap_profile_start(4096));
    else
        assert_fails(heap_profile_start(4096), ERR_UNIMPLEMENTED, "this build");
    return 0;
}

static int release(void **state)
{
    (void)state;
    proto_reader_release(&profile);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_held_is_found_and_what_was_given_back_is_not),
        cmocka_unit_test(test_every_way_to_allocate_is_seen),
        cmocka_unit_test(test_odd_requests_end_as_glibc_has_it),
        cmocka_unit_test(test_threads_leave_nothing_behind),
        cmocka_unit_test(test_says_what_its_numbers_are),
    };
    return cmocka_run_group_tests(tests, start, release);
}
