/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/test_json.h"

#include "tests/support/assert_err.h"

#include <jansson.h>

/* What would be printed, read by another program's eyes. */
static json_t *print(struct test_json *j, bool is_ok)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_ok(test_json_print(j, is_ok, out));
    fclose(out);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static const char *text_at(const json_t *check, const char *member)
{
    const char *text = json_string_value(json_object_get(check, member));
    assert_non_null(text);
    return text;
}

static void assert_null_at(const json_t *check, const char *member)
{
    assert_true(json_is_null(json_object_get(check, member)));
}

static void test_document_has_every_member(void **state)
{
    (void)state;
    CLEANUP(test_json_freep) struct test_json *j = NULL;
    assert_ok(test_json_new("/etc/tbot.yaml", &j));
    struct check_sink sink = test_json_sink(j);
    sink.add(sink.arg,
             &(struct check_result){
                 .name = "storage", .subject = "/s", .status = CHECK_OK, .message = "fine"});
    sink.add(sink.arg, &(struct check_result){.name = "tcp",
                                              .subject = "10.0.0.1:3025",
                                              .status = CHECK_FAILED,
                                              .message = "connect: Connection refused",
                                              .code = "unavailable",
                                              .hint = "Nothing listens there.",
                                              .is_step = true,
                                              .took = dur_ms(12)});
    json_t *root = print(j, false);
    assert_string_equal(text_at(root, "file"), "/etc/tbot.yaml");
    assert_true(json_is_false(json_object_get(root, "ok")));
    const json_t *checks = json_object_get(root, "checks");
    assert_int_equal(json_array_size(checks), 2);
    const json_t *first = json_array_get(checks, 0), *second = json_array_get(checks, 1);
    assert_string_equal(text_at(first, "name"), "storage");
    assert_string_equal(text_at(first, "subject"), "/s");
    assert_string_equal(text_at(first, "status"), "ok");
    assert_string_equal(text_at(first, "message"), "fine");
    assert_null_at(first, "took_ms");
    assert_null_at(first, "code");
    assert_null_at(first, "hint");
    assert_string_equal(text_at(second, "status"), "failed");
    assert_int_equal(json_integer_value(json_object_get(second, "took_ms")), 12);
    assert_string_equal(text_at(second, "code"), "unavailable");
    assert_string_equal(text_at(second, "hint"), "Nothing listens there.");
    json_decref(root);
}

static void test_step_that_was_not_tried_took_no_time(void **state)
{
    (void)state;
    CLEANUP(test_json_freep) struct test_json *j = NULL;
    assert_ok(test_json_new(NULL, &j));
    struct check_sink sink = test_json_sink(j);
    sink.add(sink.arg, &(struct check_result){.name = "ping",
                                              .subject = "s",
                                              .status = CHECK_NOT_TRIED,
                                              .message = "m",
                                              .is_step = true});
    json_t *root = print(j, true);
    assert_null_at(root, "file");
    assert_true(json_is_true(json_object_get(root, "ok")));
    const json_t *check = json_array_get(json_object_get(root, "checks"), 0);
    assert_string_equal(text_at(check, "status"), "not_tried");
    assert_null_at(check, "took_ms");
    json_decref(root);
}

static void test_text_that_is_no_utf8_does_not_break_the_document(void **state)
{
    (void)state;
    CLEANUP(test_json_freep) struct test_json *j = NULL;
    assert_ok(test_json_new("/etc/\xff.yaml", &j));
    struct check_sink sink = test_json_sink(j);
    sink.add(sink.arg,
             &(struct check_result){
                 .name = "n", .subject = "\xc3", .status = CHECK_OK, .message = "a\"b\\\033"});
    json_t *root = print(j, true);
    assert_string_equal(text_at(root, "file"), "/etc/?.yaml");
    const json_t *check = json_array_get(json_object_get(root, "checks"), 0);
    assert_string_equal(text_at(check, "message"), "a\"b\\?");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_has_every_member),
        cmocka_unit_test(test_step_that_was_not_tried_took_no_time),
        cmocka_unit_test(test_text_that_is_no_utf8_does_not_break_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
