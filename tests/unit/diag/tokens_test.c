/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/tokens.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

#define READ_TOKEN "6vYq3zNf0Xw5Jr8kTb2LhGdE1sUoPcMa"
#define CHANGE_TOKEN "mZ4t9QxW7aVb1Rk6Yp3LcFn8HsDj2UeG"
#define BOTH_TOKEN "Kd5s8Jf2Lq0Wn6Rt9-._~+/Zm1Pc3Hg=="

static const char list[] = "# who may ask\n"
                           "\n"
                           "prometheus\tread   " READ_TOKEN "\r\n"
                           "  deploy change " CHANGE_TOKEN "  \n"
                           "  # the people on call\n"
                           "on-call.2 debug,change,read " BOTH_TOKEN; /* no newline at the end */

static struct diag_tokens *parse(const char *text)
{
    struct diag_tokens *t = NULL;
    assert_ok(diag_tokens_parse(bytes_of_str(text), &t));
    return t;
}

static void test_parse_reads_names_rights_and_digests(void **state)
{
    (void)state;
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse(list);
    assert_int_equal(t->n, 3);
    assert_string_equal(t->at[0].name, "prometheus");
    assert_false(t->at[0].may_change || t->at[0].may_debug);
    assert_true(t->at[1].may_change && !t->at[1].may_debug);
    assert_string_equal(t->at[2].name, "on-call.2");
    assert_true(t->at[2].may_change && t->at[2].may_debug);
}

static void test_parse_keeps_no_token(void **state)
{
    (void)state;
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse(list);
    assert_null(memmem(t, sizeof(*t), READ_TOKEN, 8));
}

static void test_empty_list_has_nobody(void **state)
{
    (void)state;
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse("\n# nobody\n");
    assert_int_equal(t->n, 0);
    assert_null(diag_tokens_find(t, "Bearer " READ_TOKEN));
}

static void assert_refused(const char *text, const char *part)
{
    struct diag_tokens *t = NULL;
    struct err *e = diag_tokens_parse(bytes_of_str(text), &t);
    if (!e)
        fail_msg("accepted: %s", text);
    CLEANUP(freep) char *told = err_text(e);
    if (err_code(e) != ERR_CONFIG || !strstr(told, part))
        fail_msg("'%s': %s", text, told);
    if (strstr(told, "6vYq") || strstr(err_hint(e), "6vYq"))
        fail_msg("the message shows a token: %s", told);
    err_free(e);
}

static void test_parse_of_a_broken_line_names_it_and_shows_nothing(void **state)
{
    (void)state;
    assert_refused("a read " CHANGE_TOKEN "\nb " READ_TOKEN, "line 2: it does not have three");
    assert_refused(READ_TOKEN, "line 1: it does not have three");
    assert_refused("a read " READ_TOKEN " more", "three words");
    assert_refused(READ_TOKEN " a read", "line 1: the rights");
    assert_refused("a read,write " READ_TOKEN, "line 1: the rights");
    assert_refused("a read,,debug " READ_TOKEN, "line 1: the rights");
    assert_refused("a/b read " READ_TOKEN, "line 1: the name");
    assert_refused("a read 6vYq3zNf0Xw5Jr8", "16 to 512");
    assert_refused("a read 6vYq3zNf0Xw5Jr8\"kTb2", "cannot be in one");
    assert_refused("a read 6vYq3zNf0Xw5=Jr8kTb2", "cannot be in one");
    assert_refused("a read ================", "cannot be in one");
    assert_refused("a read " READ_TOKEN "\na read " CHANGE_TOKEN, "line 2: the name stands");
    assert_refused("a read " READ_TOKEN "\nb change " READ_TOKEN, "line 2: the token stands");
}

static void test_parse_of_a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "a read " READ_TOKEN "\0rest";
    struct diag_tokens *t = NULL;
    struct bytes bytes = {(const uint8_t *)text, sizeof(text) - 1};
    assert_fails(diag_tokens_parse(bytes, &t), ERR_CONFIG, "cannot be in one");
}

static void test_parse_of_more_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(DIAG_TOKENS_TEXT_MAX);
    for (int i = 0; i < DIAG_TOKENS_MAX; i++)
        assert_ok(buf_printf(&text, "n%d read a-token-number-%08d\n", i, i));
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse(buf_str(&text));
    assert_string_equal(diag_tokens_find(t, "Bearer a-token-number-00000063")->name, "n63");
    assert_ok(buf_add_str(&text, "last read a-token-number-99999999\n"));
    assert_refused(buf_str(&text), "line 65: there are more");
}

static void test_find_takes_the_whole_token_and_its_owner(void **state)
{
    (void)state;
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse(list);
    assert_ptr_equal(diag_tokens_find(t, "Bearer " READ_TOKEN), &t->at[0]);
    assert_ptr_equal(diag_tokens_find(t, "bearer   " CHANGE_TOKEN " "), &t->at[1]);
    assert_ptr_equal(diag_tokens_find(t, "BEARER " BOTH_TOKEN), &t->at[2]);
    static const char *const wrong[] = {
        "",
        "Bearer",
        "Bearer ",
        READ_TOKEN,
        "Basic " READ_TOKEN,
        "Bearer" READ_TOKEN,
        "Bearer " READ_TOKEN "x",
        "Bearer " READ_TOKEN " " READ_TOKEN,
        "Bearer 6vYq3zNf0Xw5Jr8kTb2LhGdE1sUoPcM",
        "Bearer 6vyq3zNf0Xw5Jr8kTb2LhGdE1sUoPcMa",
        "Bearer prometheus",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (diag_tokens_find(t, wrong[i]))
            fail_msg("'%s' was let in", wrong[i]);
    }
}

/* A comparison that stops short, or skips a byte, lets one of these in. */
static void test_find_compares_every_byte_of_the_digest(void **state)
{
    (void)state;
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = parse("a read " READ_TOKEN);
    struct diag_token *only = &t->at[0];
    for (size_t i = 0; i < SHA256_HEX_SIZE - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            only->digest[i] = (char)(only->digest[i] ^ (1U << bit));
            if (diag_tokens_find(t, "Bearer " READ_TOKEN))
                fail_msg("byte %zu, bit %u are not compared", i, bit);
            only->digest[i] = (char)(only->digest[i] ^ (1U << bit));
        }
    }
    assert_non_null(diag_tokens_find(t, "Bearer " READ_TOKEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_reads_names_rights_and_digests),
        cmocka_unit_test(test_parse_keeps_no_token),
        cmocka_unit_test(test_empty_list_has_nobody),
        cmocka_unit_test(test_parse_of_a_broken_line_names_it_and_shows_nothing),
        cmocka_unit_test(test_parse_of_a_nul_byte_is_refused),
        cmocka_unit_test(test_parse_of_more_than_there_is_room_for_is_refused),
        cmocka_unit_test(test_find_takes_the_whole_token_and_its_owner),
        cmocka_unit_test(test_find_compares_every_byte_of_the_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
