/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/token_file.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define OLD "old-token-0123456789"
#define NEW "new-token-0123456789"

struct world {
    struct temp_dir dir;
    struct fake_clock time;
    struct log *log;
    int log_fd;
    char path[128];
    struct diag_token_file *file;
};

static int set_up(void **state)
{
    static struct world w;
    w = (struct world){.dir = temp_dir_make()};
    fake_clock_init(&w.time, "2026-01-02T03:04:05Z");
    w.log_fd = open(temp_dir_join(&w.dir, "log"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    w.log = log_new(w.log_fd, LOG_TEXT, LOG_INFO, &w.time.clock);
    snprintf(w.path, sizeof(w.path), "%s", temp_dir_join(&w.dir, "tokens"));
    temp_dir_put(&w.dir, "tokens", bytes_of_str("a read " OLD "\n"));
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    diag_token_file_free(w->file);
    log_free(w->log);
    close(w->log_fd);
    temp_dir_remove(&w->dir);
    return 0;
}

static void open_file(struct world *w)
{
    assert_ok(diag_token_file_open(w->path, w->log, &w->file));
}

static bool is_good(struct world *w, const char *authorization)
{
    struct diag_asker asker = {0};
    diag_token_file_identify(w->file, authorization, &asker);
    assert_int_equal(asker.had_token, authorization != NULL);
    assert_int_equal(asker.is_token_valid, asker.name != NULL);
    return asker.is_token_valid;
}

/* As an editor or a secret manager replaces it. */
static void replace(struct world *w, const char *text)
{
    char temporary[160];
    snprintf(temporary, sizeof(temporary), "%s.new", w->path);
    temp_dir_put(&w->dir, "tokens.new", bytes_of_str(text));
    assert_int_equal(rename(temporary, w->path), 0);
}

static size_t warnings(struct world *w)
{
    CLEANUP(freep) char *text = temp_dir_read(&w->dir, "log");
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "WARN")) != NULL; at++)
        n++;
    assert_null(strstr(text, "-token-"));
    return n;
}

static void test_identify_fills_in_what_the_token_is_for(void **state)
{
    struct world *w = *state;
    struct diag_asker asker = {0};
    replace(w, "deploy change,debug " OLD "\n");
    open_file(w);
    diag_token_file_identify(w->file, "Bearer " OLD, &asker);
    assert_true(asker.had_token && asker.is_token_valid && asker.may_change && asker.may_debug);
    assert_string_equal(asker.name, "deploy");
    assert_false(is_good(w, NULL));
    assert_false(is_good(w, "Bearer " NEW));
    assert_false(is_good(w, "Basic " OLD));
}

static void test_without_a_file_no_token_is_good(void **state)
{
    struct world *w = *state;
    assert_false(is_good(w, "Bearer " OLD));
    assert_false(is_good(w, NULL));
}

static void test_file_that_changed_is_read_again(void **state)
{
    struct world *w = *state;
    open_file(w);
    assert_true(is_good(w, "Bearer " OLD));
    replace(w, "a read " NEW "\n");
    assert_true(is_good(w, "Bearer " NEW));
    assert_false(is_good(w, "Bearer " OLD));
    replace(w, "");
    assert_false(is_good(w, "Bearer " NEW));
    assert_int_equal(warnings(w), 0);
}

static void test_broken_change_keeps_the_old_tokens_and_warns_once(void **state)
{
    struct world *w = *state;
    open_file(w);
    replace(w, "a read " NEW "\nnonsense\n");
    for (int i = 0; i < 3; i++) {
        assert_false(is_good(w, "Bearer " NEW));
        assert_true(is_good(w, "Bearer " OLD));
    }
    assert_int_equal(warnings(w), 1);
    temp_dir_delete(&w->dir, "tokens");
    assert_true(is_good(w, "Bearer " OLD));
    assert_true(is_good(w, "Bearer " OLD));
    assert_int_equal(warnings(w), 2);
    temp_dir_put(&w->dir, "tokens", bytes_of_str("a read " NEW "\n"));
    assert_true(is_good(w, "Bearer " NEW));
    assert_int_equal(warnings(w), 2);
}

static void test_mode_that_opens_it_is_refused_until_it_is_mended(void **state)
{
    struct world *w = *state;
    open_file(w);
    replace(w, "a read " NEW "\n");
    assert_int_equal(chmod(w->path, 0640), 0);
    assert_false(is_good(w, "Bearer " NEW));
    assert_int_equal(chmod(w->path, 0400), 0);
    assert_true(is_good(w, "Bearer " NEW));
}

static void assert_refused(struct world *w, const char *part)
{
    assert_fails(diag_token_file_open(w->path, w->log, &w->file), ERR_CONFIG, part);
    assert_null(w->file);
}

static void test_open_of_a_file_that_others_can_reach_is_refused(void **state)
{
    struct world *w = *state;
    static const mode_t modes[] = {0640, 0620, 0604, 0602, 0610};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(w->path, modes[i]), 0);
        assert_refused(w, "not 0600");
    }
}

static void test_open_of_a_link_is_refused(void **state)
{
    struct world *w = *state;
    char real[160];
    snprintf(real, sizeof(real), "%s.real", w->path);
    assert_int_equal(rename(w->path, real), 0);
    assert_int_equal(symlink(real, w->path), 0);
    assert_refused(w, "symbolic link");
}

static void test_open_of_what_is_no_file_is_refused(void **state)
{
    struct world *w = *state;
    temp_dir_delete(&w->dir, "tokens");
    assert_refused(w, "No such file");
    assert_int_equal(mkfifo(w->path, 0600), 0);
    assert_refused(w, "not a regular file");
    temp_dir_delete(&w->dir, "tokens");
    temp_dir_put(&w->dir, "tokens", bytes_of_str("nonsense"));
    assert_refused(w, "line 1");
}

static void test_open_of_another_users_file_is_refused(void **state)
{
    struct world *w = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(w->path, 65534, 65534), 0);
    assert_refused(w, "belongs to user 65534");
}

static void test_open_of_too_large_a_file_is_refused(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(128 * 1024);
    while (text.len <= 64 * 1024)
        assert_ok(buf_add_str(&text, "# a long story about nothing\n"));
    temp_dir_put(&w->dir, "tokens", buf_bytes(&text));
    assert_refused(w, "too large");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_identify_fills_in_what_the_token_is_for),
        TEST(test_without_a_file_no_token_is_good),
        TEST(test_file_that_changed_is_read_again),
        TEST(test_broken_change_keeps_the_old_tokens_and_warns_once),
        TEST(test_mode_that_opens_it_is_refused_until_it_is_mended),
        TEST(test_open_of_a_file_that_others_can_reach_is_refused),
        TEST(test_open_of_a_link_is_refused),
        TEST(test_open_of_what_is_no_file_is_refused),
        TEST(test_open_of_another_users_file_is_refused),
        TEST(test_open_of_too_large_a_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
