/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_text.h"

#include "tests/support/assert_err.h"

static const struct {
    const char *text, *path, *argument; /* NULL: as the text is */
} words[] = {
    {"/etc/tbot.yaml", NULL, NULL},
    {"/srv/a-b_c+d@e:f,g=h.1", NULL, NULL},
    {"", "\"\"", "\"\""},
    {"/srv/a b", "\"/srv/a b\"", "\"/srv/a b\""},
    {"/srv/100%", "/srv/100%%", "/srv/100%%"},
    {"/srv/%i", "/srv/%%i", "/srv/%%i"},
    {"/srv/$HOME", "/srv/$HOME", "/srv/$$HOME"},
    {"/srv/${HOME} %n", "\"/srv/${HOME} %%n\"", "\"/srv/$${HOME} %%n\""},
    {"/srv/\"q\"", "\"/srv/\\\"q\\\"\"", "\"/srv/\\\"q\\\"\""},
    {"/srv/it's", "\"/srv/it's\"", "\"/srv/it's\""},
    {"/srv/back\\slash", "\"/srv/back\\\\slash\"", "\"/srv/back\\\\slash\""},
    {"/srv/end\\", "\"/srv/end\\\\\"", "\"/srv/end\\\\\""},
    {";", "\";\"", "\";\""},
    {"#x", "\"#x\"", "\"#x\""},
    {"/srv/\xc3\xbc", "\"/srv/\xc3\xbc\"", "\"/srv/\xc3\xbc\""},
};

static void test_word_stays_one_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        CLEANUP(buf_release) struct buf path = BUF_INIT(256);
        CLEANUP(buf_release) struct buf argument = BUF_INIT(256);
        assert_ok(unit_text_add_word(&path, UNIT_WORD_PATH, words[i].text));
        assert_ok(unit_text_add_word(&argument, UNIT_WORD_ARGUMENT, words[i].text));
        assert_string_equal(buf_str(&path), words[i].path ? words[i].path : words[i].text);
        assert_string_equal(buf_str(&argument),
                            words[i].argument ? words[i].argument : words[i].text);
    }
}

static void test_check_refuses_what_would_end_the_line(void **state)
{
    static const char *const hostile[] = {"/srv/a\nExecStart=/bin/sh",
                                          "/srv/a\r",
                                          "/srv/\t",
                                          "/srv/\x01",
                                          "/srv/\x7f",
                                          "/srv/\xc2\x85",
                                          "/srv/\xe2\x80\xa8"};
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
        assert_fails(unit_text_check("the storage", hostile[i]), ERR_CONFIG,
                     "the storage holds the control character 0x");
    assert_fails(unit_text_check("the storage", "/srv/\xff"), ERR_CONFIG, "is not UTF-8");
    assert_ok(unit_text_check("the storage", "/srv/\xc3\xbc \"%\\$"));
}

static void test_rest_of_line_doubles_specifiers_only(void **state)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256);
    (void)state;
    assert_ok(unit_text_add_rest(&b, "the file", "/etc/a \"b\" %d$x\\y"));
    assert_string_equal(buf_str(&b), "/etc/a \"b\" %%d$x\\y");
    assert_fails(unit_text_add_rest(&b, "the file", "/etc/x\\"), ERR_CONFIG,
                 "the file '/etc/x\\' ends in a backslash or a blank");
    assert_fails(unit_text_add_rest(&b, "the file", "/etc/x "), ERR_CONFIG, "ends in a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_word_stays_one_word),
        cmocka_unit_test(test_check_refuses_what_would_end_the_line),
        cmocka_unit_test(test_rest_of_line_doubles_specifiers_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
