/* SPDX-License-Identifier: Apache-2.0 */
/* What an output in memory with `cache: yes` keeps for the next start, and when it goes. */
#include "agent/output_cache.h"

#include "agent/output_files.h"
#include "agent/output_job.h"
#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <ftw.h>
#include <sys/stat.h>

#define NOW 1800000000

struct given {
    struct temp_dir storage;
    struct config *config;
};

/* A configuration of two outputs that keep copies, and one that keeps none. */
static struct config *make_config(const char *storage)
{
    struct config *config = NULL;
    CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
    assert_ok(buf_printf(&text,
                         "version: v2\nproxy_server: p:443\n"
                         "onboarding: {join_method: token, token: x}\n"
                         "storage: {type: directory, path: %s}\n"
                         "services:\n"
                         "- {type: identity, name: a, destination: {type: memory, cache: yes}}\n"
                         "- {type: identity, name: b, destination: {type: memory, cache: yes}}\n"
                         "- {type: identity, name: c, destination: {type: memory}}\n",
                         storage));
    assert_ok(config_parse("t", buf_bytes(&text), &config));
    assert_ok(config_validate(config));
    return config;
}

static int set_up(void **state)
{
    struct given *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    umask(0);
    g->storage = temp_dir_make();
    g->config = make_config(g->storage.path);
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct given *g = *state;
    config_free(g->config);
    temp_dir_remove(&g->storage);
    free(g);
    return 0;
}

static struct destination *start(const struct given *g, size_t service, size_t n_warnings)
{
    struct destination *d = NULL;
    CLEANUP(destination_report_release) struct destination_report report = {0};
    assert_ok(destination_new(&g->config->services[service].destination, entropy_system(), &d));
    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, n_warnings);
    return d;
}

/* Publishes as a renewal does; what it warned of. */
static size_t publish(struct destination *d, int64_t not_after)
{
    CLEANUP(credentials_freep)
    struct credentials *creds = fixture_credentials(&(struct fixture){.not_after = not_after});
    CLEANUP(output_files_release) struct output_files files = {0};
    CLEANUP(destination_report_release) struct destination_report report = {0};
    CLEANUP(strlist_release) struct strlist none = {0};
    struct output_inputs in = {
        .creds = creds,
        .cluster = FIXTURE_CLUSTER,
        .cas = {credentials_tls_cas(creds), &none, &none},
    };
    assert_ok(output_files_build(&in, &files));
    assert_ok(destination_publish(d, files.items, files.len, &report));
    return report.warnings.len;
}

static void run_once(const struct given *g, size_t service, int64_t not_after)
{
    CLEANUP(destination_freep) struct destination *d = start(g, service, 0);
    assert_int_equal(publish(d, not_after), 0);
}

static struct err *load(struct destination *d, struct output_job_result *ret)
{
    return output_job_load(&(struct output_job){.destination = d}, ret);
}

static void test_restart_with_a_copy_serves_what_was_published_last(void **state)
{
    struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    run_once(g, 0, NOW + 60);
    run_once(g, 0, NOW + 120);
    CLEANUP(destination_freep) struct destination *d = start(g, 0, 0);
    assert_ok(load(d, &result));
    assert_int_equal(wall_to_unix(result.validity.not_after), NOW + 120);
    assert_string_equal(result.cluster, FIXTURE_CLUSTER);
}

static void test_restart_without_a_copy_serves_nothing(void **state)
{
    struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    run_once(g, 2, NOW + 60);
    assert_int_equal(temp_dir_count(&g->storage), 0);
    CLEANUP(destination_freep) struct destination *d = start(g, 2, 0);
    assert_fails(load(d, &result), ERR_NOT_FOUND, "not in memory");
    assert_int_equal(result.report.warnings.len, 0);
}

static int check_mode(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_SL && (st->st_mode & 0777) != (type == FTW_D ? 0700 : 0600))
        fail_msg("'%s' has mode %o", path, st->st_mode);
    return 0;
}

static void test_copy_is_the_owners_alone(void **state)
{
    struct given *g = *state;
    run_once(g, 0, NOW + 60);
    assert_true(temp_dir_has(&g->storage, "cache/a/key"));
    assert_int_equal(nftw(g->storage.path, check_mode, 16, FTW_PHYS), 0);
}

static void test_copy_that_cannot_be_kept_is_a_warning_once(void **state)
{
    struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    temp_dir_write(&g->storage, "cache", "in the way");
    CLEANUP(destination_freep) struct destination *d = start(g, 0, 1);
    assert_int_equal(publish(d, NOW + 60), 0); /* said already */
    assert_ok(load(d, &result));
    temp_dir_delete(&g->storage, "cache");
    assert_int_equal(publish(d, NOW + 120), 0);
    assert_true(temp_dir_has(&g->storage, "cache/a/key"));
    temp_dir_empty(&g->storage);
    temp_dir_write(&g->storage, "cache", "in the way again");
    assert_int_equal(publish(d, NOW + 180), 1);
}

/* Which copies are there after a sweep, and what it said. */
static void assert_sweep(struct given *g, int64_t now, const char *left, const char *why)
{
    CLEANUP(strlist_release) struct strlist notes = {0};
    assert_ok(output_cache_sweep(g->config, wall_of_unix(now), &notes));
    CLEANUP(freep) char *said = strlist_join(&notes, "; ");
    if (!strstr(said, why))
        fail_msg("expected '%s' in '%s'", why, said);
    for (const char *name = "abcx"; *name; name++) {
        char path[] = "cache/?";
        path[strlen(path) - 1] = *name;
        if (temp_dir_has(&g->storage, path) != !!strchr(left, *name))
            fail_msg("%s: there or not, and should not", path);
    }
}

static void test_sweep_without_copies_says_nothing(void **state)
{
    struct given *g = *state;
    assert_sweep(g, NOW, "", "none");
    assert_int_equal(temp_dir_count(&g->storage), 0);
}

static void test_sweep_keeps_what_is_valid_and_removes_what_has_expired(void **state)
{
    struct given *g = *state;
    run_once(g, 0, NOW + 60);
    run_once(g, 1, NOW + 120);
    assert_sweep(g, NOW, "ab", "none");
    assert_sweep(g, NOW + 60, "b", "'a' is removed from the storage: it has expired");
}

static void test_sweep_removes_copies_nobody_asks_for(void **state)
{
    struct given *g = *state;
    run_once(g, 0, NOW + 60);
    run_once(g, 1, NOW + 60);
    g->config->services[1].destination.is_cached = false;
    assert_sweep(g, NOW, "a", "'b' is removed from the storage: no output of this name keeps one");
    free(g->config->services[0].name);
    g->config->services[0].name = strdup("renamed");
    assert_sweep(g, NOW, "", "'a' is removed from the storage: no output of this name keeps one");
}

static void test_sweep_removes_what_is_damaged(void **state)
{
    struct given *g = *state;
    run_once(g, 0, NOW + 60);
    temp_dir_write(&g->storage, "cache/a/key", "cut");
    assert_sweep(g, NOW, "a", "none"); /* 'identity' has it too */
    temp_dir_write(&g->storage, "cache/a/key", "cut");
    temp_dir_write(&g->storage, "cache/a/identity", "cut");
    assert_sweep(g, NOW, "", "'a' is removed from the storage: it is damaged");
}

static void test_sweep_goes_on_after_what_cannot_be_removed(void **state)
{
    struct given *g = *state;
    CLEANUP(strlist_release) struct strlist notes = {0};
    run_once(g, 0, NOW + 60);
    assert_int_equal(mkdir(temp_dir_join(&g->storage, "cache/x"), 0700), 0);
    assert_int_equal(mkdir(temp_dir_join(&g->storage, "cache/x/theirs"), 0700), 0);
    temp_dir_write(&g->storage, "cache/file", "");
    assert_fails(output_cache_sweep(g->config, wall_of_unix(NOW + 60), &notes), ERR_STORAGE, "");
    assert_int_equal(notes.len, 1);
    assert_false(temp_dir_has(&g->storage, "cache/a"));
    assert_true(temp_dir_has(&g->storage, "cache/x/theirs"));
}

static void test_sweep_with_storage_in_memory_does_nothing(void **state)
{
    struct given *g = *state;
    CLEANUP(strlist_release) struct strlist notes = {0};
    run_once(g, 0, NOW + 60);
    g->config->storage.type = CONFIG_DESTINATION_MEMORY;
    assert_ok(output_cache_sweep(g->config, wall_of_unix(NOW + 60), &notes));
    assert_true(temp_dir_has(&g->storage, "cache/a"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_restart_with_a_copy_serves_what_was_published_last),
        TEST(test_restart_without_a_copy_serves_nothing),
        TEST(test_copy_is_the_owners_alone),
        TEST(test_copy_that_cannot_be_kept_is_a_warning_once),
        TEST(test_sweep_without_copies_says_nothing),
        TEST(test_sweep_keeps_what_is_valid_and_removes_what_has_expired),
        TEST(test_sweep_removes_copies_nobody_asks_for),
        TEST(test_sweep_removes_what_is_damaged),
        TEST(test_sweep_goes_on_after_what_cannot_be_removed),
        TEST(test_sweep_with_storage_in_memory_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
