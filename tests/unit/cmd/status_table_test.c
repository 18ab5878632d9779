/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table word for word: tests/golden/status-*.json is what the agent said, the .txt beside it what a
 * person sees. UPDATE_GOLDEN=1 writes the latter anew.
 */
#include "cmd/status_table.h"

#include "base/dir.h"
#include "cmd/status_doc.h"
#include "tests/support/assert_err.h"
#include "tests/support/golden.h"

static void read_golden(const char *name, struct buf **ret)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", TBOT_GOLDEN, name);
    assert_ok(file_read(path, 65536, ret));
}

static char *print(struct bytes document, struct terminal terminal)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    assert_ok(status_table_print(document, &terminal, to));
    fclose(to);
    return text;
}

static void test_table_is_as_agreed(void **state)
{
    static const struct {
        const char *json, *text;
        struct terminal terminal;
    } cases[] = {
        {"status-degraded.json", "status-degraded.txt", {0}},
        {"status-degraded.json", "status-degraded-80.txt", {.width = 80}},
        {"status-ok.json", "status-ok.txt", {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(buf_freep) struct buf *json = NULL;
        read_golden(cases[i].json, &json);
        CLEANUP(freep) char *text = print(buf_bytes(json), cases[i].terminal);
        golden_hold(TBOT_GOLDEN, cases[i].text, text);
    }
}

/* All that colour adds is colour. */
static void test_colours_are_around_words_only(void **state)
{
    CLEANUP(buf_freep) struct buf *json = NULL;
    (void)state;
    read_golden("status-degraded.json", &json);
    CLEANUP(freep) char *plain = print(buf_bytes(json), (struct terminal){0});
    CLEANUP(freep) char *text = print(buf_bytes(json), (struct terminal){.has_colour = true});
    assert_non_null(strstr(text, "\033[1;31mdegraded\033[0m"));
    char *out = text;
    for (const char *in = text; *in;) {
        if (*in == '\033')
            in += strcspn(in, "m") + 1;
        else
            *out++ = *in++;
    }
    *out = '\0';
    assert_string_equal(text, plain);
}

static void test_what_a_server_says_moves_no_cursor(void **state)
{
    CLEANUP(buf_freep) struct buf *json = NULL;
    (void)state;
    read_golden("status-degraded.json", &json);
    CLEANUP(freep) char *text = print(buf_bytes(json), (struct terminal){0});
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "evil ?[2Jtext"));
}

static void test_what_is_no_status_is_refused(void **state)
{
    static const char *const documents[] = {
        "",
        "[]",
        "{}",
        "{\"time\": \"2026-11-21T15:00:00Z\"}",
        "{\"time\": \"yesterday\", \"services\": []}",
        "<html>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
        const struct terminal terminal = {0};
        assert_fails(status_table_print(bytes_of_str(documents[i]), &terminal, stdout),
                     ERR_PROTOCOL, "status");
    }
}

/* Members of the wrong type count as absent. */
static void test_nonsense_inside_is_left_out(void **state)
{
    (void)state;
    CLEANUP(freep)
    char *text =
        print(bytes_of_str("{\"time\": \"2026-11-21T15:00:00Z\", \"pid\": \"x\", \"build\": [],"
                           " \"authority\": 7, \"identity\": \"no\", \"warnings\": [3],"
                           " \"services\": [9, {}, {\"name\": 1, \"credentials\": {}}]}"),
              (struct terminal){0});
    assert_non_null(strstr(text, "tbot (version unknown)\n"));
    assert_non_null(strstr(text, "state      unknown\n"));
}

static void test_ready_is_the_state_ok_alone(void **state)
{
    static const struct {
        const char *document;
        bool is_ready;
    } cases[] = {
        {"{\"state\": \"ok\"}", true},
        {"{\"state\": \"recovering\"}", false},
        {"{\"state\": 0}", false},
        {"{}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool is_ready = !cases[i].is_ready;
        assert_ok(status_table_is_ready(bytes_of_str(cases[i].document), &is_ready));
        assert_true(is_ready == cases[i].is_ready);
    }
}

static void test_times_are_read_in_one_form(void **state)
{
    static const char *const wrong[] = {"",
                                        "2026-11-21",
                                        "2026-11-21T15:00:00",
                                        "2026-11-21T15:00:00+01:00",
                                        "2026-11-21T15:00:00Zx",
                                        "2O26-11-21T15:00:00Z"};
    char text[RFC3339_SIZE];
    (void)state;
    assert_string_equal(wall_format(status_doc_parse_time("2026-11-21T15:00:07Z"), false, text),
                        "2026-11-21T15:00:07Z");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(status_doc_parse_time(wrong[i]).ns, WALL_NONE.ns);
    assert_int_equal(status_doc_parse_time(NULL).ns, WALL_NONE.ns);
}

static void test_spans_have_the_units_that_matter(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0s"},      {59, "59s"},      {90, "1m30s"}, {125, "2m"},      {2639, "43m"},
        {-2639, "43m"}, {11555, "3h12m"}, {86400, "1d"}, {190000, "2d4h"},
    };
    char text[DUR_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(status_doc_span(dur_s(cases[i].seconds), text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_as_agreed),
        cmocka_unit_test(test_colours_are_around_words_only),
        cmocka_unit_test(test_what_a_server_says_moves_no_cursor),
        cmocka_unit_test(test_what_is_no_status_is_refused),
        cmocka_unit_test(test_nonsense_inside_is_left_out),
        cmocka_unit_test(test_ready_is_the_state_ok_alone),
        cmocka_unit_test(test_times_are_read_in_one_form),
        cmocka_unit_test(test_spans_have_the_units_that_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
