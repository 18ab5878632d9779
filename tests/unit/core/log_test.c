/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "diag/core/log.h"
#include "tests/support/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct fake_clock time;
    int pipe[2];
    struct log *log;
    char line[131072];
};

static void setup(struct fixture *f, enum log_format format)
{
    fake_clock_init(&f->time, "2026-03-09T11:50:46Z");
    assert_int_equal(pipe(f->pipe), 0);
    f->log = log_new(f->pipe[1], format, LOG_INFO, &f->time.clock);
    assert_non_null(f->log);
}

static const char *line(struct fixture *f)
{
    ssize_t n = read(f->pipe[0], f->line, sizeof(f->line) - 1);
    assert_true(n > 0);
    f->line[n] = '\0';
    return f->line;
}

static void teardown(struct fixture *f)
{
    log_free(f->log);
    close(f->pipe[0]);
    close(f->pipe[1]);
}

static void test_text_shows_time_level_component_and_fields(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, LOG_TEXT);
    log_info(f.log, "identity", "renewed", LOG_INT("generation", 4),
             LOG_WALL("expires", wall_of_unix(1773060646)), LOG_DUR("next", dur_s(90)),
             LOG_STR("absent", NULL), LOG_STR("path", "/a b"));
    assert_string_equal(line(&f), "2026-03-09T11:50:46.000Z INFO  [identity] renewed generation:4 "
                                  "expires:2026-03-09T12:50:46Z next:1m30s path:\"/a b\"\n");
    teardown(&f);
}

static void test_below_the_level_nothing_is_written(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, LOG_TEXT);
    log_debug(f.log, "identity", "quiet");
    log_warn(f.log, "identity", "loud");
    assert_non_null(strstr(line(&f), "WARN  [identity] loud\n"));
    teardown(&f);
}

static void test_error_brings_chain_code_and_hint(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, LOG_TEXT);
    struct err *e = err_new(ERR_DENIED, "the token is not known");
    e = err_set_hint(err_wrap(e, "join 'example'"), "Make a new token.");
    log_err(f.log, LOG_ERROR, "identity", "join failed", e);
    err_free(e);
    const char *got = line(&f);
    assert_non_null(strstr(got, "join failed: join 'example': the token is not known"));
    assert_non_null(strstr(got, " code:denied hint:\"Make a new token.\"\n"));
    teardown(&f);
}

static void test_hostile_text_stays_one_line(void **state)
{
    (void)state;
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        struct fixture f;
        setup(&f, format);
        log_info(f.log, "identity", "said", LOG_STR("text", "a\nb\x1b[31m\"\\"));
        const char *got = line(&f);
        assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
        assert_null(strchr(got, '\x1b'));
        teardown(&f);
    }
}

static void test_json_has_all_members(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, LOG_JSON);
    struct err *e = err_new(ERR_TIMEOUT, "no answer");
    log_err(f.log, LOG_WARN, "web", "probe failed", e, LOG_INT("n", 2));
    err_free(e);
    assert_string_equal(line(&f), "{\"timestamp\":\"2026-03-09T11:50:46.000Z\",\"level\":\"warn\","
                                  "\"component\":\"web\",\"message\":\"probe failed\",\"n\":2,"
                                  "\"error\":\"no answer\",\"code\":\"timeout\"}\n");
    teardown(&f);
}

static void test_a_huge_error_is_cut_and_still_json(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, LOG_JSON);
    CLEANUP(freep) char *huge = malloc(20000);
    memset(huge, '\x01', 19999);
    huge[19999] = '\0';
    struct err *e = err_new(ERR_PROTOCOL, "%s", huge);
    log_err(f.log, LOG_WARN, "web", "bad", e);
    err_free(e);
    const char *got = line(&f);
    assert_in_range(strlen(got), 4096, 40000);
    assert_string_equal(got + strlen(got) - 2, "}\n");
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_shows_time_level_component_and_fields),
        cmocka_unit_test(test_below_the_level_nothing_is_written),
        cmocka_unit_test(test_error_brings_chain_code_and_hint),
        cmocka_unit_test(test_hostile_text_stays_one_line),
        cmocka_unit_test(test_json_has_all_members),
        cmocka_unit_test(test_a_huge_error_is_cut_and_still_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
