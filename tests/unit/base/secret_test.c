/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "tests/support/assert_err.h"

#include <sys/mman.h>

/* Looks at the memory in the moment it is given back: it must be all zero. */
static size_t unmapped, not_wiped;
int __real_munmap(void *pages, size_t size);
int __wrap_munmap(void *pages, size_t size);
int __wrap_munmap(void *pages, size_t size)
{
    const uint8_t *bytes = pages;
    unmapped++;
    for (size_t i = 0; i < size; i++)
        not_wiped += bytes[i] != 0;
    return __real_munmap(pages, size);
}

static struct secret *secret_of(const char *text)
{
    struct secret *s = NULL;
    assert_ok(secret_new(text, strlen(text), &s));
    return s;
}

static void test_content_is_copied_and_ends_with_nul(void **state)
{
    (void)state;
    char text[] = "token";
    CLEANUP(secret_freep) struct secret *s = secret_of(text);
    memset(text, 'x', 5);
    assert_string_equal(secret_str(s), "token");
    assert_int_equal(secret_bytes(s).len, 5);
    CLEANUP(secret_freep) struct secret *copy = NULL;
    assert_ok(secret_dup(s, &copy));
    assert_ptr_not_equal(secret_str(copy), secret_str(s));
    assert_string_equal(secret_str(copy), "token");
}

static void test_free_wipes(void **state)
{
    (void)state;
    unmapped = not_wiped = 0;
    secret_free(secret_of("a key that must not stay"));
    assert_int_equal(unmapped, 1);
    assert_int_equal(not_wiped, 0);
    secret_free(NULL);
}

static void test_append_fills_the_room_and_no_more(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *s = NULL;
    assert_ok(secret_with_room(5, &s));
    assert_ok(secret_append(s, "abc", 3));
    assert_fails(secret_append(s, "def", 3), ERR_REJECTED, "too large");
    assert_ok(secret_append(s, "de", 2));
    assert_ok(secret_append(s, NULL, 0));
    assert_string_equal(secret_str(s), "abcde");
}

static void test_a_page_of_content_has_room_for_its_nul(void **state)
{
    (void)state;
    static char page[4096];
    CLEANUP(secret_freep) struct secret *s = NULL;
    memset(page, 'p', sizeof(page));
    assert_ok(secret_new(page, sizeof(page), &s));
    assert_int_equal(strlen(secret_str(s)), sizeof(page));
}

static void test_equals_compares_length_and_content(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *s = secret_of("abc");
    CLEANUP(secret_freep) struct secret *empty = secret_of("");
    assert_true(secret_equals(s, bytes_of_str("abc")));
    assert_false(secret_equals(s, bytes_of_str("abd")));
    assert_false(secret_equals(s, bytes_of_str("ab")));
    assert_false(secret_equals(s, bytes_of_str("abcd")));
    assert_true(secret_equals(empty, (struct bytes){0}));
}

static void test_trim_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *s = secret_of(" \t\r\nto ken\n\n");
    CLEANUP(secret_freep) struct secret *blank = secret_of(" \n ");
    secret_trim(s);
    assert_string_equal(secret_str(s), "to ken");
    assert_int_equal(secret_bytes(s).len, 6);
    secret_trim(blank);
    assert_int_equal(secret_bytes(blank).len, 0);
    assert_string_equal(secret_str(blank), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_is_copied_and_ends_with_nul),
        cmocka_unit_test(test_free_wipes),
        cmocka_unit_test(test_append_fills_the_room_and_no_more),
        cmocka_unit_test(test_a_page_of_content_has_room_for_its_nul),
        cmocka_unit_test(test_equals_compares_length_and_content),
        cmocka_unit_test(test_trim_takes_white_space_at_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
