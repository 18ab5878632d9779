/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include "tests/support/assert_err.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

static void assert_text(const struct err *e, const char *wanted)
{
    char *text = err_text(e);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_no_error_is_ok(void **state)
{
    (void)state;
    assert_int_equal(err_code(NULL), ERR_OK);
    assert_int_equal(err_errno(NULL), 0);
    assert_null(err_hint(NULL));
    err_free(NULL);
}

static void test_wrap_reads_from_the_outside_in_and_keeps_what_began_it(void **state)
{
    (void)state;
    struct err *e = err_sys(ERR_UNAVAILABLE, ECONNREFUSED, "connect '%s:%d'", "10.0.0.1", 3025);

    e = err_wrap(e, "renew identity");
    e = err_wrap(e, "output '%s'", "web");
    assert_text(e, "output 'web': renew identity: connect '10.0.0.1:3025': Connection refused");
    assert_int_equal(err_code(e), ERR_UNAVAILABLE);
    assert_int_equal(err_errno(e), ECONNREFUSED);
    err_free(e);
}

static void test_wrap_as_changes_the_code_only(void **state)
{
    (void)state;
    struct err *e = err_wrap_as(ERR_STORAGE, err_sys(ERR_REJECTED, EFBIG, "inner"), "outer");
    assert_int_equal(err_code(e), ERR_STORAGE);
    assert_int_equal(err_errno(e), EFBIG);
    err_free(e);
}

static void test_hint_nearest_to_the_top_wins(void **state)
{
    (void)state;
    struct err *e = err_set_hint(err_new(ERR_DENIED, "inner"), "Do %s.", "this");

    e = err_wrap(e, "outer");
    assert_string_equal(err_hint(e), "Do this.");
    e = err_set_hint(e, "Do that.");
    assert_string_equal(err_hint(e), "Do that.");
    e = err_set_hint(e, "Do neither.");
    assert_string_equal(err_hint(e), "Do neither.");
    assert_text(e, "outer: inner");
    err_free(e);
}

static struct err *fail_with_context(void)
{
    TRY_CTX(err_new(ERR_BUSY, "inner"), "item %d", 7);
    return NULL;
}

static struct err *pass_on(int *reached)
{
    TRY(NULL);
    *reached = 1;
    TRY(fail_with_context());
    *reached = 2;
    return NULL;
}

static void test_try_leaves_at_the_first_error(void **state)
{
    (void)state;
    int reached = 0;
    struct err *e = pass_on(&reached);
    assert_int_equal(reached, 1);
    assert_text(e, "item 7: inner");
    err_free(e);
}

static void test_bug_says_where(void **state)
{
    (void)state;
    struct err *e = err_new(ERR_BUG, "odd");
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "odd (err_test.c:%d)", __LINE__ - 2);
    assert_text(e, wanted);
    e = err_wrap(e, "outer");
    char outer[80];
    snprintf(outer, sizeof(outer), "outer: %s", wanted);
    assert_text(e, outer);
    err_free(e);
}

static void test_nomem_can_be_used_like_any_other(void **state)
{
    (void)state;
    struct err *e = err_set_hint(err_nomem(), "Buy some.");
    assert_int_equal(err_code(e), ERR_NOMEM);
    assert_text(e, "out of memory");
    e = err_wrap(e, "outer");
    assert_text(e, "outer: out of memory");
    err_free(e);
    err_free(err_nomem());
    assert_text(err_nomem(), "out of memory");
}

static void test_ossl_takes_the_reason_and_empties_the_queue(void **state)
{
    (void)state;
    ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
    ERR_raise(ERR_LIB_PEM, PEM_R_BAD_DECRYPT);
    struct err *e = err_ossl("parse '%s'", "x.pem");
    assert_int_equal(err_code(e), ERR_CRYPTO);
    assert_text(e, "parse 'x.pem': no start line");
    assert_int_equal(ERR_peek_error(), 0);
    err_free(e);
}

static void test_every_code_has_a_name_of_its_own_and_a_class(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_CODE_COUNT; i++) {
        assert_non_null(err_code_name(i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(err_code_name(i), err_code_name(j));
    }
    assert_int_equal(err_class(ERR_TIMEOUT), ERR_CLASS_PASSING);
    assert_int_equal(err_class(ERR_LOCKED), ERR_CLASS_PERMANENT);
    assert_int_equal(err_class(ERR_CANCELLED), ERR_CLASS_STOP);
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_error_is_ok),
        cmocka_unit_test(test_wrap_reads_from_the_outside_in_and_keeps_what_began_it),
        cmocka_unit_test(test_wrap_as_changes_the_code_only),
        cmocka_unit_test(test_hint_nearest_to_the_top_wins),
        cmocka_unit_test(test_try_leaves_at_the_first_error),
        cmocka_unit_test(test_bug_says_where),
        cmocka_unit_test(test_nomem_can_be_used_like_any_other),
        cmocka_unit_test(test_ossl_takes_the_reason_and_empties_the_queue),
        cmocka_unit_test(test_every_code_has_a_name_of_its_own_and_a_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
