/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/test_report.h"

#include "tests/support/assert_err.h"

/* What a report has printed. */
struct printed {
    char *text;
    size_t len;
    struct test_report report;
};

static void begin(struct printed *p)
{
    *p = (struct printed){0};
    p->report = (struct test_report){.out = open_memstream(&p->text, &p->len)};
    assert_non_null(p->report.out);
}

static void end(struct printed *p)
{
    fclose(p->report.out);
    free(p->text);
}

static void add(struct printed *p, const struct check_result *r)
{
    struct check_sink sink = test_report_sink(&p->report);
    sink.add(sink.arg, r);
    fflush(p->report.out);
}

static void test_findings_are_aligned_with_the_remedy_below(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    add(&p, &(struct check_result){
                .name = "storage", .subject = "/s", .status = CHECK_OK, .message = "can be used"});
    add(&p, &(struct check_result){.name = "permissions",
                                   .subject = "/etc/t.yaml",
                                   .status = CHECK_WARNING,
                                   .message = "others can read it",
                                   .hint = "Use 'chmod 600'."});
    add(&p, &(struct check_result){
                .name = "output", .subject = "web", .status = CHECK_NOT_TRIED, .message = "m"});
    assert_string_equal(p.text, "ok         storage        /s: can be used\n"
                                "warning    permissions    /etc/t.yaml: others can read it\n"
                                "                          -> Use 'chmod 600'.\n"
                                "not tried  output         web: m\n");
    end(&p);
}

static void test_long_lines_are_wrapped_on_a_terminal(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    p.report.terminal.width = 60;
    add(&p, &(struct check_result){.name = "storage",
                                   .subject = "/s",
                                   .status = CHECK_FAILED,
                                   .message = "one two three four five six seven",
                                   .hint = "Eight nine ten eleven twelve thirteen."});
    assert_string_equal(p.text, "failed     storage        /s: one two three four five six\n"
                                "                          seven\n"
                                "                          -> Eight nine ten eleven twelve\n"
                                "                             thirteen.\n");
    end(&p);
}

static void test_steps_are_a_part_of_their_own_with_their_times(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    add(&p, &(struct check_result){
                .name = "output", .subject = "web", .status = CHECK_OK, .message = "m"});
    add(&p, &(struct check_result){.name = "resolve",
                                   .subject = "a",
                                   .status = CHECK_OK,
                                   .message = "10.0.0.1",
                                   .is_step = true,
                                   .took = dur_ms(1234)});
    add(&p, &(struct check_result){.name = "tcp",
                                   .subject = "10.0.0.1:1",
                                   .status = CHECK_FAILED,
                                   .message = "refused",
                                   .hint = "Go.",
                                   .is_step = true,
                                   .took = {1}});
    add(&p, &(struct check_result){.name = "tls",
                                   .subject = "a:1",
                                   .status = CHECK_NOT_TRIED,
                                   .message = "no",
                                   .is_step = true,
                                   .took = {1}});
    assert_string_equal(p.text, "ok         output         web: m\n"
                                "\n"
                                "To the cluster:\n"
                                "ok         resolve        1234 ms  a: 10.0.0.1\n"
                                "failed     tcp              <1 ms  10.0.0.1:1: refused\n"
                                "                                   -> Go.\n"
                                "not tried  tls                     a:1: no\n");
    end(&p);
}

static void test_step_under_way_is_shown_and_taken_back_on_a_terminal(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    p.report.terminal.has_cursor = true;
    p.report.terminal.width = 80;
    struct check_sink sink = test_report_sink(&p.report);
    sink.begin(sink.arg, "tcp", "10.0.0.1:1");
    fflush(p.report.out);
    assert_non_null(strstr(p.text, "tcp                     10.0.0.1:1 ..."));
    sink.begin(sink.arg, "tls", "a:1");
    add(&p,
        &(struct check_result){
            .name = "tls", .subject = "a:1", .status = CHECK_OK, .message = "m", .is_step = true});
    const char *taken_back = strstr(p.text, "...\r\033[K");
    assert_non_null(taken_back);
    assert_non_null(strstr(taken_back + 1, "a:1 ...\r\033[K\nTo the cluster:\nok "));
    end(&p);
}

static void test_step_under_way_is_not_shown_elsewhere(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    struct check_sink sink = test_report_sink(&p.report);
    sink.begin(sink.arg, "tcp", "10.0.0.1:1");
    p.report.terminal.has_cursor = true;
    p.report.terminal.width = 60;
    sink.begin(sink.arg, "tcp", "a.name.that.does.not.fit.into.one.line.example:3025");
    fflush(p.report.out);
    assert_int_equal(p.len, 0);
    end(&p);
}

static void test_colour_is_only_around_the_status(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    p.report.terminal.has_colour = true;
    add(&p, &(struct check_result){
                .name = "storage", .subject = "/s", .status = CHECK_OK, .message = "m"});
    assert_string_equal(p.text, "\033[32mok       \033[0m  storage        /s: m\n");
    end(&p);
}

static void test_text_of_others_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct printed p;
    begin(&p);
    add(&p, &(struct check_result){.name = "n",
                                   .subject = "a\033[31mb",
                                   .status = CHECK_FAILED,
                                   .message = "x\ny",
                                   .hint = "h\r"});
    assert_null(strchr(p.text, '\033'));
    assert_null(strchr(p.text, '\r'));
    assert_non_null(strstr(p.text, "x?y"));
    end(&p);
}

static void test_verdict_counts(void **state)
{
    (void)state;
    static const struct {
        struct test_verdict verdict;
        const char *text;
    } cases[] = {
        {{.file = "/etc/tbot.yaml", .n_outputs = 3, .warnings = 1},
         "\nconfiguration '/etc/tbot.yaml' is good: 3 outputs, 1 warning\n"},
        {{.file = "a\nb", .n_outputs = 1}, "\nconfiguration 'a?b' is good: 1 output\n"},
        {{.n_outputs = 0, .warnings = 2},
         "\nthe configuration of the command line is good: 0 outputs, 2 warnings\n"},
        {{.file = "t", .failed = 2, .warnings = 2},
         "\nconfiguration 't' is not good: 2 failed, 2 warnings\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct printed p;
        begin(&p);
        test_report_verdict(&p.report, &cases[i].verdict);
        fflush(p.report.out);
        assert_string_equal(p.text, cases[i].text);
        end(&p);
    }
}

static void test_a_file_is_no_terminal(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct test_report report;
    assert_non_null(file);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    test_report_init(&report, file);
    assert_false(report.terminal.has_colour);
    assert_int_equal(report.terminal.width, 0);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findings_are_aligned_with_the_remedy_below),
        cmocka_unit_test(test_long_lines_are_wrapped_on_a_terminal),
        cmocka_unit_test(test_steps_are_a_part_of_their_own_with_their_times),
        cmocka_unit_test(test_step_under_way_is_shown_and_taken_back_on_a_terminal),
        cmocka_unit_test(test_step_under_way_is_not_shown_elsewhere),
        cmocka_unit_test(test_colour_is_only_around_the_status),
        cmocka_unit_test(test_text_of_others_cannot_steer_the_terminal),
        cmocka_unit_test(test_verdict_counts),
        cmocka_unit_test(test_a_file_is_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
