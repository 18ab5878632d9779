/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/strlist.h"
#include "tests/unit/agent/config_test_support.h"

#include <string.h>

struct values {
    unsigned verbose, quiet, unbuilt;
    const char *file, *colour;
    struct secret *token;
    struct strlist pins;
    struct dur time, watch;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct opt table[] = {
    {"verbose", 'v', OPT_SWITCH, .env = "OPTS_TEST_VERBOSE", .help = "say more",
     .offset = offsetof(struct values, verbose)},
    {"quiet", 'q', OPT_SWITCH, .flags = OPT_NO_TWIN, .help = "say less",
     .offset = offsetof(struct values, quiet)},
    {"file", 'f', OPT_TEXT, .arg = "FILE", .env = "OPTS_TEST_FILE", .flags = OPT_REQUIRED,
     .help = "a file whose description is so long that it does not fit into one line",
     .offset = offsetof(struct values, file)},
    {"colour", .kind = OPT_TEXT, .arg = "NAME", .choices = colours,
     .help = "paint:", .offset = offsetof(struct values, colour)},
    {"token", .kind = OPT_SECRET, .arg = "TOKEN", .help = "a secret",
     .offset = offsetof(struct values, token)},
    {"pin", .kind = OPT_LIST, .arg = "PIN", .help = "a pin",
     .offset = offsetof(struct values, pins)},
    {"time", .kind = OPT_DURATION, .arg = "TIME", .env = "OPTS_TEST_TIME", .help = "a time",
     .offset = offsetof(struct values, time)},
    {"watch", 'w', OPT_DURATION, .arg = "TIME", .implied = "2s", .help = "again and again",
     .offset = offsetof(struct values, watch)},
    {"unbuilt", .kind = OPT_SWITCH, .flags = OPT_NOT_BUILT, .help = "",
     .offset = offsetof(struct values, unbuilt)},
    {"secretly", .kind = OPT_SWITCH, .flags = OPT_HIDDEN, .help = "",
     .offset = offsetof(struct values, unbuilt)},
};

/* One parse of a line of words, which may be written to as argv may. */
struct line {
    struct values values;
    struct opt_set set;
    char text[256];
    char *argv[16];
    int argc, n_operands;
};

static void line_init(struct line *line, const char *words)
{
    *line = (struct line){.set = {"Options", table, sizeof(table) / sizeof(*table), NULL}};
    line->set.values = &line->values;
    snprintf(line->text, sizeof(line->text), "%s", words);
    char *rest = line->text;
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*words)
            line->argv[line->argc++] = word;
}

static void line_release(struct line *line)
{
    opts_release(&line->set);
}

static struct err *parse(struct line *line, const char *words)
{
    line_init(line, words);
    return opts_parse(&line->set, 1, line->argc, line->argv, &line->n_operands);
}

static void test_parse_of_every_spelling_means_the_same(void **state)
{
    (void)state;
    static const char *const spellings[] = {"--file x", "--file=x",   "-f x",
                                            "-fx",      "a --file x", "-vf x",
                                            "-vfx",     "-f y -f x",  "--file x -- --file"};
    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
        CLEANUP(line_release) struct line line;
        assert_ok(parse(&line, spellings[i]));
        assert_string_equal(line.values.file, "x");
    }
}

static void test_parse_of_switches_has_twins_and_last_wins(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line none, on, off, both;
    assert_ok(parse(&none, ""));
    assert_int_equal(none.values.verbose, 0);
    assert_ok(parse(&on, "-v"));
    assert_int_equal(on.values.verbose, 2);
    assert_ok(parse(&off, "--no-verbose"));
    assert_int_equal(off.values.verbose, 1);
    assert_ok(parse(&both, "--no-verbose --verbose -qv"));
    assert_int_equal(both.values.verbose, 2);
    assert_int_equal(both.values.quiet, 2);
}

static void test_parse_of_operands_keeps_their_order(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line line;
    assert_ok(parse(&line, "a -v b - --file x c -- -q --"));
    assert_int_equal(line.n_operands, 6);
    assert_string_equal(line.argv[0], "a");
    assert_string_equal(line.argv[1], "b");
    assert_string_equal(line.argv[2], "-");
    assert_string_equal(line.argv[3], "c");
    assert_string_equal(line.argv[4], "-q");
    assert_string_equal(line.argv[5], "--");
    assert_int_equal(line.values.quiet, 0);
}

static void test_parse_leading_stops_at_the_first_operand(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line line;
    int used = 0;
    line_init(&line, "-f x -v start -q");
    assert_ok(opts_parse_leading(&line.set, 1, line.argc, line.argv, &used));
    assert_int_equal(used, 3);
    assert_int_equal(line.values.quiet, 0);
}

static void test_parse_of_secret_leaves_nothing_to_see(void **state)
{
    (void)state;
    static const char *const spellings[] = {"--token hunter2", "--token=hunter2"};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(line_release) struct line line;
        assert_ok(parse(&line, spellings[i]));
        assert_string_equal(secret_str(line.values.token), "hunter2");
        for (size_t at = 0; at < sizeof(line.text) - 7; at++)
            assert_memory_not_equal(line.text + at, "hunter2", 7);
    }
}

static void test_parse_of_lists_and_durations(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line line;
    assert_ok(parse(&line, "--pin a --pin=b --pin= --time 90s --colour=green"));
    assert_int_equal(line.values.pins.len, 2);
    assert_string_equal(line.values.pins.items[1], "b");
    assert_int_equal(dur_to_s(line.values.time), 90);
    assert_string_equal(line.values.colour, "green");
}

static void test_value_that_may_be_left_out_is_never_the_next_word(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int64_t seconds;
        int n_operands;
    } cases[] = {
        {"--watch 5s", 2, 1}, {"--watch=5s", 5, 0}, {"-w 5s", 2, 1}, {"-w5s", 5, 0}, {"5s", 0, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(line_release) struct line line;
        assert_ok(parse(&line, cases[i].words));
        assert_int_equal(dur_to_s(line.values.watch), cases[i].seconds);
        assert_int_equal(line.n_operands, cases[i].n_operands);
    }
}

static void test_parse_of_mistakes_says_which(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"--fil x", "unknown option '--fil', did you mean '--file'?"},
        {"--fil=secret", "unknown option '--fil', did you mean '--file'?"},
        {"--zzzzzz", "unknown option '--zzzzzz'"},
        {"--no-file", "unknown option '--no-file', did you mean '--file'?"},
        {"--secretl", "unknown option '--secretl'"},
        {"-x", "unknown option '-x'"},
        {"-vx", "unknown option '-x'"},
        {"--file", "option '--file' needs a value"},
        {"-f", "option '--file' needs a value"},
        {"--token", "option '--token' needs a value"},
        {"--verbose=true", "option '--verbose' takes no value, it has the twin '--no-verbose'"},
        {"--time soon", "option '--time': 'soon' is not a duration such as 90s, 20m or 1h30m"},
        {"--time -5s", "option '--time': '-5s' is not a duration such as 90s, 20m or 1h30m"},
        {"--colour blue", "option '--colour': 'blue' is not one of red, green"},
        {"--unbuilt", "option '--unbuilt' is not built yet in this tbot"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(line_release) struct line line;
        config_test_assert_error(parse(&line, cases[i].words), ERR_USAGE, cases[i].message,
                                 __FILE__, __LINE__);
    }
}

static void test_environment_fills_in_what_was_not_given(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line line, given;
    setenv("OPTS_TEST_FILE", "from-env", 1);
    setenv("OPTS_TEST_VERBOSE", "true", 1);
    setenv("OPTS_TEST_TIME", "", 1);
    assert_ok(parse(&line, ""));
    assert_ok(opts_from_environment(&line.set, 1));
    assert_string_equal(line.values.file, "from-env");
    assert_int_equal(line.values.verbose, 2);
    assert_int_equal(line.values.time.ns, 0);
    assert_ok(parse(&given, "-f x --no-verbose"));
    assert_ok(opts_from_environment(&given.set, 1));
    assert_string_equal(given.values.file, "x");
    assert_int_equal(given.values.verbose, 1);
}

static void test_environment_of_nonsense_names_the_variable(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line line;
    setenv("OPTS_TEST_VERBOSE", "perhaps", 1);
    assert_ok(parse(&line, ""));
    config_test_assert_error(
        opts_from_environment(&line.set, 1), ERR_USAGE,
        "environment variable OPTS_TEST_VERBOSE: 'perhaps' is not true or false", __FILE__,
        __LINE__);
}

static void test_required_option_is_missed(void **state)
{
    (void)state;
    CLEANUP(line_release) struct line without, with;
    assert_ok(parse(&without, "-v"));
    config_test_assert_error(opts_check_required(&without.set, 1), ERR_USAGE,
                             "option '--file' is required", __FILE__, __LINE__);
    assert_ok(parse(&with, "-f x"));
    assert_ok(opts_check_required(&with.set, 1));
}

static void test_help_shows_what_works(void **state)
{
    (void)state;
    char text[4096] = "";
    struct opt_set set = {"Options", table, sizeof(table) / sizeof(*table), NULL};
    FILE *to = fmemopen(text, sizeof(text), "w");
    opts_print_help(to, &set, 1);
    fclose(to);
    assert_string_equal(
        text, "\nOptions:\n"
              "  -v, --[no-]verbose            say more [$OPTS_TEST_VERBOSE]\n"
              "  -q, --quiet                   say less\n"
              "  -f, --file FILE               a file whose description is so long that it does\n"
              "                                not fit into one line (required)\n"
              "                                [$OPTS_TEST_FILE]\n"
              "      --colour NAME             paint: red, green\n"
              "      --token TOKEN             a secret\n"
              "      --pin PIN                 a pin (repeatable)\n"
              "      --time TIME               a time [$OPTS_TEST_TIME]\n"
              "  -w, --watch[=TIME]            again and again\n"
              "\nKnown, and not built yet:\n"
              "  --unbuilt\n");
}

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("OPTS_TEST_FILE");
    unsetenv("OPTS_TEST_VERBOSE");
    unsetenv("OPTS_TEST_TIME");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_of_every_spelling_means_the_same),
        cmocka_unit_test(test_parse_of_switches_has_twins_and_last_wins),
        cmocka_unit_test(test_parse_of_operands_keeps_their_order),
        cmocka_unit_test(test_parse_leading_stops_at_the_first_operand),
        cmocka_unit_test(test_parse_of_secret_leaves_nothing_to_see),
        cmocka_unit_test(test_parse_of_lists_and_durations),
        cmocka_unit_test(test_value_that_may_be_left_out_is_never_the_next_word),
        cmocka_unit_test(test_parse_of_mistakes_says_which),
        cmocka_unit_test_teardown(test_environment_fills_in_what_was_not_given, clear_environment),
        cmocka_unit_test_teardown(test_environment_of_nonsense_names_the_variable,
                                  clear_environment),
        cmocka_unit_test(test_required_option_is_missed),
        cmocka_unit_test(test_help_shows_what_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
