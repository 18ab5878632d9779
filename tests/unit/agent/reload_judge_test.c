/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload_judge.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>

#define BOT "version: v2\nauth_server: a:1\nonboarding: {join_method: token, token: hunter2}\n"

struct fixture {
    struct temp_dir dir;
    char text[4096]; /* of the next file; "": it is not there */
    struct config *running;
    struct reload_verdict v;
};

static struct err *read_next(void *arg, struct config **ret)
{
    const struct fixture *f = arg;
    CLEANUP(config_freep) struct config *config = NULL;
    if (!f->text[0])
        return err_set_hint(err_new(ERR_STORAGE, "open 'next': No such file"), "Put one there.");
    TRY(config_parse("next", bytes_of_str(f->text), &config));
    TRY(config_validate(config));
    *ret = TAKE(config);
    return NULL;
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    f.dir = temp_dir_make();
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    reload_verdict_release(&f->v);
    config_free(f->running);
    temp_dir_remove(&f->dir);
    return 0;
}

static void write_next(struct fixture *f, const char *top, const char *services)
{
    snprintf(f->text, sizeof(f->text), "%sstorage: %s/storage\n%sservices:\n%s", BOT, f->dir.path,
             top, services);
}

/* One service of that name in that directory. */
static const char *service(const struct fixture *f, const char *name, const char *where)
{
    static char line[512];
    snprintf(line, sizeof(line), "- {type: identity, name: %s, destination: '%s/%s'}\n", name,
             f->dir.path, where);
    return line;
}

static void run(struct fixture *f, const char *top, const char *services)
{
    write_next(f, top, services);
    assert_ok(read_next(f, &f->running));
}

static void judge(struct fixture *f)
{
    const struct reload_question q = {.source = {f, read_next},
                                      .running = f->running,
                                      .started = f->running,
                                      .clock = clock_system()};
    reload_verdict_release(&f->v);
    reload_judge(&q, &f->v);
}

static void assert_refused(struct fixture *f, const char *summary)
{
    char text[RELOAD_SUMMARY_SIZE];
    judge(f);
    assert_true(f->v.outcome.has_failed);
    assert_string_equal(reload_outcome_summary(&f->v.outcome, text), summary);
}

static void test_what_is_good_is_described(void **state)
{
    struct fixture *f = *state;
    run(f, "", service(f, "web", "web"));
    write_next(f, "", service(f, "new", "new"));
    judge(f);
    assert_false(f->v.outcome.has_failed);
    assert_string_equal(f->v.outcome.added.items[0], "new");
    assert_string_equal(f->v.outcome.removed.items[0], "web");
    assert_int_equal(f->v.outcome.n_kept, 0);
    assert_non_null(f->v.next);
    assert_false(temp_dir_has(&f->dir, "new")); /* nothing is made yet */
}

static void test_a_file_that_is_gone_is_told_with_its_remedy(void **state)
{
    struct fixture *f = *state;
    run(f, "", "");
    f->text[0] = '\0';
    assert_refused(f, "open 'next': No such file. Put one there.");
    assert_null(f->v.next);
}

static void test_every_mistake_of_a_file_is_a_line(void **state)
{
    struct fixture *f = *state;
    run(f, "", "");
    write_next(f, "one: 1\ntwo: 2\n", "");
    judge(f);
    assert_int_equal(f->v.outcome.errors.len, 2);
    assert_non_null(strstr(f->v.outcome.errors.items[0], "next:5:1: key 'one'"));
    assert_non_null(strstr(f->v.outcome.errors.items[1], "next:6:1: key 'two'"));
    char text[RELOAD_SUMMARY_SIZE];
    assert_non_null(strstr(reload_outcome_summary(&f->v.outcome, text), "'one'"));
    assert_non_null(strstr(text, " (and 1 more)"));
}

static void test_a_key_for_the_start_alone_is_named_and_not_its_value(void **state)
{
    struct fixture *f = *state;
    run(f, "", "");
    write_next(f, "startup: wait\n", "");
    assert_refused(f, "next: key 'startup': has changed: restart needed");
    assert_int_equal(f->v.outcome.restart.len, 1);
    assert_string_equal(f->v.outcome.restart.items[0], "startup");
    snprintf(f->text, sizeof(f->text), "%sstorage: %s/storage\n",
             "version: v2\nauth_server: a:1\nonboarding: {join_method: token, token: hunter3}\n",
             f->dir.path);
    assert_refused(f, "next: key 'onboarding.token': has changed: restart needed");
}

static void test_new_and_changed_places_are_looked_at_and_kept_ones_are_not(void **state)
{
    struct fixture *f = *state;
    char both[1024];
    int n = snprintf(both, sizeof(both), "%s", service(f, "kept", "file/kept"));
    run(f, "", both);
    temp_dir_write(&f->dir, "file", "in the way");
    judge(f);
    assert_false(f->v.outcome.has_failed);
    snprintf(both + n, sizeof(both) - (size_t)n, "%s", service(f, "new", "file/new"));
    write_next(f, "", both);
    judge(f);
    assert_true(f->v.outcome.has_failed);
    assert_int_equal(f->v.outcome.errors.len, 1);
    assert_non_null(strstr(f->v.outcome.errors.items[0], "output 'new': "));
}

static void test_without_a_source_it_is_refused(void **state)
{
    struct fixture *f = *state;
    run(f, "", "");
    const struct reload_question q = {
        .running = f->running, .started = f->running, .clock = clock_system()};
    reload_judge(&q, &f->v);
    assert_true(f->v.outcome.has_failed);
}

static void test_a_failure_without_words_is_one(void **state)
{
    (void)state;
    char text[RELOAD_SUMMARY_SIZE];
    const struct reload_outcome o = {.has_failed = true}, none = {0};
    assert_string_equal(reload_outcome_summary(&o, text), "out of memory");
    assert_string_equal(reload_outcome_summary(&none, text), "");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_good_is_described),
        TEST(test_a_file_that_is_gone_is_told_with_its_remedy),
        TEST(test_every_mistake_of_a_file_is_a_line),
        TEST(test_a_key_for_the_start_alone_is_named_and_not_its_value),
        TEST(test_new_and_changed_places_are_looked_at_and_kept_ones_are_not),
        TEST(test_without_a_source_it_is_refused),
        cmocka_unit_test(test_a_failure_without_words_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
