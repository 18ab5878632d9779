/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_memory.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>
#include <sys/stat.h>

#define OURS "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
#define THEIRS "9b74c9897bac770ffc029102a200c5de6b2a8c3e5e5c3b3c8f9f3f5c2d1e0f00"

struct world {
    struct temp_dir dir;
    struct path_memory_config config;
    struct path_memory *m;
    struct err *ignored;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = temp_dir_make();
    w->config =
        (struct path_memory_config){.dir = w->dir.path, .settings = OURS, .kind = PATH_UNKNOWN};
    *state = w;
    return 0;
}

static void end(struct world *w)
{
    path_memory_free(TAKE(w->m));
    err_free(TAKE(w->ignored));
}

static int tear_down(void **state)
{
    struct world *w = *state;
    end(w);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* The next process. */
static void begin(struct world *w)
{
    end(w);
    assert_ok(path_memory_open(&w->config, &w->ignored, &w->m));
}

static void begin_unwarned(struct world *w)
{
    begin(w);
    if (w->ignored)
        fail_msg("ignored: %s", err_text(w->ignored));
}

static void begin_warned(struct world *w, const char *part)
{
    begin(w);
    assert_fails(TAKE(w->ignored), ERR_STORAGE, part);
}

static RESULT save(struct world *w, int64_t now)
{
    return path_memory_save(w->m, wall_of_unix(now));
}

static struct path_file known(struct world *w)
{
    struct path_file f;
    path_memory_get(w->m, &f);
    return f;
}

static const enum route direct = ROUTE_DIRECT;
static const struct path_news everything = {
    .cluster = "example",
    .server_version = "17.2.0",
    .suite = SUITE_BALANCED_V1,
    .route = &direct,
    .proven = THEIRS,
};

/* A file as an earlier process left it. */
static void leave_file(struct world *w)
{
    begin(w);
    path_memory_learn(w->m, &everything);
    assert_ok(save(w, 1000));
}

static ino_t inode(struct world *w)
{
    struct stat st;
    assert_int_equal(stat(temp_dir_join(&w->dir, PATH_MEMORY_FILE), &st), 0);
    return st.st_ino;
}

static void test_what_was_learnt_is_there_after_the_next_start(void **state)
{
    struct world *w = *state;
    begin_unwarned(w);
    assert_false(known(w).has_route);
    leave_file(w);
    assert_int_equal(temp_dir_mode(&w->dir, PATH_MEMORY_FILE), 0600);
    begin_unwarned(w);
    struct path_file f = known(w);
    assert_string_equal(f.cluster, "example");
    assert_string_equal(f.server_version, "17.2.0");
    assert_int_equal(f.suite, SUITE_BALANCED_V1);
    assert_true(f.has_route && f.route == ROUTE_DIRECT);
    assert_string_equal(f.proven, THEIRS);
    assert_int_equal(wall_to_unix(f.learnt), 1000);
}

static void test_what_is_not_news_writes_nothing(void **state)
{
    struct world *w = *state;
    begin(w);
    assert_ok(save(w, 1000));
    assert_false(temp_dir_has(&w->dir, PATH_MEMORY_FILE));
    leave_file(w);
    ino_t before = inode(w);
    path_memory_learn(w->m, &everything);
    assert_ok(save(w, 2000));
    begin(w);
    path_memory_learn(w->m, &(struct path_news){.cluster = "example", .server_version = ""});
    assert_ok(save(w, 3000));
    assert_int_equal(inode(w), before);
    path_memory_learn(w->m, &(struct path_news){.server_version = "18.0.0"});
    assert_ok(save(w, 4000));
    assert_int_not_equal(inode(w), before);
    assert_int_equal(temp_dir_count(&w->dir), 1);
}

static void test_without_a_directory_it_is_known_until_the_end(void **state)
{
    struct world *w = *state;
    w->config.dir = NULL;
    leave_file(w);
    assert_string_equal(known(w).proven, THEIRS);
    begin_unwarned(w);
    assert_string_equal(known(w).proven, "");
    assert_int_equal(temp_dir_count(&w->dir), 0);
}

static void test_a_file_of_other_settings_is_ignored_and_then_replaced(void **state)
{
    struct world *w = *state;
    leave_file(w);
    w->config.settings = THEIRS;
    begin_warned(w, "other settings");
    assert_string_equal(known(w).proven, "");
    assert_false(known(w).has_route);
    assert_ok(save(w, 2000));
    w->config.settings = OURS;
    begin_unwarned(w); /* still there */
    w->config.settings = THEIRS;
    leave_file(w);
    begin_unwarned(w);
    assert_true(known(w).has_route);
}

static void test_a_file_nobody_can_read_is_ignored_and_then_replaced(void **state)
{
    struct world *w = *state;
    char large[PATH_FILE_MAX + 2];
    memset(large, ' ', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    const char *const contents[] = {"", "{\"version\":1,",
                                    "\x7f"
                                    "ELF",
                                    large};
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        temp_dir_write(&w->dir, PATH_MEMORY_FILE, contents[i]);
        begin_warned(w, PATH_MEMORY_FILE);
        assert_ok(save(w, 1000));
        CLEANUP(freep) char *left = temp_dir_read(&w->dir, PATH_MEMORY_FILE);
        assert_string_equal(left, contents[i]);
        leave_file(w);
        begin_unwarned(w);
        assert_true(known(w).has_route);
    }
}

static void test_a_file_others_may_write_is_ignored_and_gets_a_mode_of_ours(void **state)
{
    struct world *w = *state;
    leave_file(w);
    assert_int_equal(chmod(temp_dir_join(&w->dir, PATH_MEMORY_FILE), 0666), 0);
    begin_warned(w, "others may write it (mode 0666)");
    assert_false(known(w).has_route);
    leave_file(w);
    assert_int_equal(temp_dir_mode(&w->dir, PATH_MEMORY_FILE), 0600);
    assert_int_equal(temp_dir_count(&w->dir), 1);
    begin_unwarned(w);
}

static void test_a_link_is_ignored_and_what_it_leads_to_is_left_alone(void **state)
{
    struct world *w = *state;
    char target[320];
    leave_file(w);
    (void)snprintf(target, sizeof(target), "%s/elsewhere", w->dir.path);
    assert_int_equal(rename(temp_dir_join(&w->dir, PATH_MEMORY_FILE), target), 0);
    assert_int_equal(symlink(target, temp_dir_join(&w->dir, PATH_MEMORY_FILE)), 0);
    begin_warned(w, PATH_MEMORY_FILE);
    path_memory_learn(w->m, &everything);
    path_memory_learn(w->m, &(struct path_news){.cluster = "another"});
    assert_ok(save(w, 1000));
    CLEANUP(freep) char *left = temp_dir_read(&w->dir, "elsewhere");
    assert_non_null(strstr(left, "\"example\""));
    begin_unwarned(w);
    assert_string_equal(known(w).cluster, "another");
}

/* The directory stands for a full disk: nothing can be put in its place. */
static void test_a_file_that_cannot_be_written_is_told_of_once(void **state)
{
    struct world *w = *state;
    begin(w);
    path_memory_learn(w->m, &everything);
    assert_int_equal(mkdir(temp_dir_join(&w->dir, PATH_MEMORY_FILE), 0700), 0);
    assert_fails(save(w, 1000), ERR_STORAGE, "not stored");
    assert_ok(save(w, 1001));
    assert_ok(save(w, 1002));
    assert_int_equal(rmdir(temp_dir_join(&w->dir, PATH_MEMORY_FILE)), 0);
    assert_ok(save(w, 1003));
    begin_unwarned(w);
    assert_int_equal(wall_to_unix(known(w).learnt), 1003);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_learnt_is_there_after_the_next_start),
        TEST(test_what_is_not_news_writes_nothing),
        TEST(test_without_a_directory_it_is_known_until_the_end),
        TEST(test_a_file_of_other_settings_is_ignored_and_then_replaced),
        TEST(test_a_file_nobody_can_read_is_ignored_and_then_replaced),
        TEST(test_a_file_others_may_write_is_ignored_and_gets_a_mode_of_ours),
        TEST(test_a_link_is_ignored_and_what_it_leads_to_is_left_alone),
        TEST(test_a_file_that_cannot_be_written_is_told_of_once),
    };
    return cmocka_run_group_tests_name("transport/path_memory", tests, NULL, NULL);
}
