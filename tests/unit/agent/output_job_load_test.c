/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files.h"
#include "agent/output_job.h"

#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <sys/stat.h>

/* A destination, and the job that would renew what is in it. */
struct given {
    struct temp_dir tmp;
    struct config_destination config;
    struct destination *destination;
    struct output_job job;
};

static int set_up(void **state)
{
    struct given *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    g->tmp = temp_dir_make();
    g->config =
        (struct config_destination){.type = CONFIG_DESTINATION_DIRECTORY, .path = g->tmp.path};
    assert_ok(destination_new(&g->config, entropy_system(), &g->destination));
    g->job = (struct output_job){.destination = g->destination};
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct given *g = *state;
    destination_free(g->destination);
    temp_dir_remove(&g->tmp);
    free(g);
    return 0;
}

/* Writes what a renewal writes. */
static void publish(const struct given *g, const struct fixture *f)
{
    CLEANUP(credentials_freep) struct credentials *creds = fixture_credentials(f);
    CLEANUP(output_files_release) struct output_files files = {0};
    CLEANUP(destination_report_release) struct destination_report report = {0};
    CLEANUP(strlist_release) struct strlist none = {0};
    struct output_inputs in = {
        .creds = creds,
        .cluster = FIXTURE_CLUSTER,
        .cas = {credentials_tls_cas(creds), &none, &none},
    };
    assert_ok(output_files_build(&in, &files));
    assert_ok(destination_publish(g->destination, files.items, files.len, &report));
}

static void test_load_when_nothing_was_written_finds_nothing_and_is_quiet(void **state)
{
    const struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    assert_fails(output_job_load(&g->job, &result), ERR_NOT_FOUND, "nothing to serve");
    assert_int_equal(result.report.warnings.len, 0);
}

static void test_load_when_the_directory_is_gone_finds_nothing_and_makes_none(void **state)
{
    struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    assert_int_equal(rmdir(g->tmp.path), 0);
    assert_fails(output_job_load(&g->job, &result), ERR_NOT_FOUND, "nothing to serve");
    assert_int_equal(result.report.warnings.len, 0);
    assert_int_equal(mkdir(g->tmp.path, 0700), 0); /* fails if it had been made */
}

static void test_load_tells_what_the_last_run_left(void **state)
{
    const struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    publish(g, &(struct fixture){.not_before = 1800000000, .not_after = 1800003600});
    assert_ok(output_job_load(&g->job, &result));
    assert_int_equal(wall_to_unix(result.validity.not_before), 1800000000);
    assert_int_equal(wall_to_unix(result.validity.not_after), 1800003600);
    assert_string_equal(result.cluster, FIXTURE_CLUSTER);
    assert_int_equal(result.report.warnings.len, 0);
}

static void test_load_of_a_leaf_names_the_leaf(void **state)
{
    static const char *const attributes[] = {OID_STREET, "leaf.example", NULL};
    const struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    publish(g, &(struct fixture){.attributes = attributes});
    assert_ok(output_job_load(&g->job, &result));
    assert_string_equal(result.cluster, "leaf.example");
}

/* Without `identity`: nothing to serve, and a warning that names the reason and the place. */
static void assert_warns(struct given *g, const char *why)
{
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    if (temp_dir_has(&g->tmp, "identity"))
        temp_dir_delete(&g->tmp, "identity");
    assert_fails(output_job_load(&g->job, &result), ERR_NOT_FOUND, why);
    assert_int_equal(result.report.warnings.len, 1);
    assert_non_null(strstr(result.report.warnings.items[0], why));
    assert_non_null(strstr(result.report.warnings.items[0], g->tmp.path));
    assert_null(result.cluster);
}

static void test_load_of_a_damaged_file_warns(void **state)
{
    static const struct {
        const char *name, *why;
    } files[] = {
        {"tlscert", "TLS certificate"},
        {"key", "private key"},
        {"key-cert.pub", "SSH certificate"},
        {"teleport-host-ca.crt", "TLS CAs"},
    };
    struct given *g = *state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        publish(g, &(struct fixture){0});
        temp_dir_write(&g->tmp, files[i].name, "-----BEGIN cut");
        assert_warns(g, files[i].why);
        publish(g, &(struct fixture){0});
        temp_dir_write(&g->tmp, files[i].name, "");
        assert_warns(g, files[i].why);
    }
}

static void test_load_when_a_part_is_missing_warns(void **state)
{
    static const char *const names[] = {"key", "key-cert.pub", "teleport-host-ca.crt"};
    struct given *g = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        publish(g, &(struct fixture){0});
        temp_dir_delete(&g->tmp, names[i]);
        assert_warns(g, names[i]);
    }
}

static void test_load_when_key_and_certificate_differ_warns(void **state)
{
    struct given *g = *state;
    CLEANUP(freep) char *old = NULL;
    publish(g, &(struct fixture){0});
    old = temp_dir_read(&g->tmp, "key");
    publish(g, &(struct fixture){0});
    temp_dir_write(&g->tmp, "key", old);
    assert_warns(g, "another key");
}

/* What a renewal wrote, to be put back where a later one was interrupted. */
struct kept {
    char *identity, *public, *ssh, *key, *tls;
};

static struct kept keep(struct given *g)
{
    return (struct kept){
        .identity = temp_dir_read(&g->tmp, "identity"),
        .public = temp_dir_read(&g->tmp, "key.pub"),
        .ssh = temp_dir_read(&g->tmp, "key-cert.pub"),
        .key = temp_dir_read(&g->tmp, "key"),
        .tls = temp_dir_read(&g->tmp, "tlscert"),
    };
}

static void kept_release(struct kept *k)
{
    free(k->identity);
    free(k->public);
    free(k->ssh);
    free(k->key);
    free(k->tls);
}

static void assert_all(struct given *g, const struct kept *want)
{
    CLEANUP(kept_release) struct kept now = keep(g);
    assert_string_equal(now.identity, want->identity);
    assert_string_equal(now.public, want->public);
    assert_string_equal(now.ssh, want->ssh);
    assert_string_equal(now.key, want->key);
    assert_string_equal(now.tls, want->tls);
}

static void put_back(struct given *g, const char *name, const char *content, bool is_old)
{
    if (is_old)
        temp_dir_write(&g->tmp, name, content);
}

#define RENAMES 5

/* As after a kill behind the n-th of the renames: identity, key.pub, key-cert.pub, key, tlscert. */
static void check_after_kill(struct given *g, int n)
{
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    publish(g, &(struct fixture){.not_before = 1800000000, .not_after = 1800003600});
    CLEANUP(kept_release) struct kept old = keep(g);
    publish(g, &(struct fixture){.not_before = 1800001200, .not_after = 1800004800});
    CLEANUP(kept_release) struct kept new = keep(g);
    put_back(g, "identity", old.identity, n < 1);
    put_back(g, "key.pub", old.public, n < 2);
    put_back(g, "key-cert.pub", old.ssh, n < 3);
    put_back(g, "key", old.key, n < 4);
    put_back(g, "tlscert", old.tls, n < 5);
    assert_ok(output_job_load(&g->job, &result));
    assert_all(g, n < 1 ? &old : &new);
    assert_int_equal(wall_to_unix(result.validity.not_after), n < 1 ? 1800003600 : 1800004800);
    assert_int_equal(result.report.warnings.len, n > 0 && n < RENAMES);
}

static void test_load_after_a_kill_between_renames_gives_one_set(void **state)
{
    for (int n = 0; n <= RENAMES; n++)
        check_after_kill(*state, n);
}

static void test_load_of_a_damaged_pair_takes_it_from_the_identity(void **state)
{
    static const char *const names[] = {"key", "tlscert", "key-cert.pub"};
    struct given *g = *state;
    publish(g, &(struct fixture){0});
    CLEANUP(kept_release) struct kept good = keep(g);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        CLEANUP(output_job_result_release) struct output_job_result result = {0};
        temp_dir_delete(&g->tmp, names[i]);
        assert_ok(output_job_load(&g->job, &result));
        assert_all(g, &good);
        assert_int_equal(result.report.warnings.len, 1);
    }
}

static void test_load_never_goes_back_to_an_older_identity(void **state)
{
    struct given *g = *state;
    CLEANUP(output_job_result_release) struct output_job_result result = {0};
    publish(g, &(struct fixture){.not_before = 1800000000});
    CLEANUP(kept_release) struct kept old = keep(g);
    publish(g, &(struct fixture){.not_before = 1800001200});
    CLEANUP(kept_release) struct kept new = keep(g);
    temp_dir_write(&g->tmp, "identity", old.identity);
    assert_ok(output_job_load(&g->job, &result));
    CLEANUP(freep) char *tls = temp_dir_read(&g->tmp, "tlscert");
    assert_string_equal(tls, new.tls);
}

static void test_load_of_a_cut_identity_beside_a_damaged_pair_warns(void **state)
{
    struct given *g = *state;
    publish(g, &(struct fixture){0});
    CLEANUP(kept_release) struct kept good = keep(g);
    size_t len = strlen(good.identity);
    for (size_t at = 0; at < len; at += 97) {
        CLEANUP(output_job_result_release) struct output_job_result result = {0};
        CLEANUP(freep) char *part = strndup(good.identity, at);
        temp_dir_write(&g->tmp, "identity", part);
        temp_dir_write(&g->tmp, "tlscert", "");
        struct err *e = output_job_load(&g->job, &result);
        /* Cut behind its first CA it is as good as whole. */
        if (e)
            assert_fails(e, ERR_NOT_FOUND, "nothing to serve");
        else
            assert_all(g, &(struct kept){part, good.public, good.ssh, good.key, good.tls});
        assert_int_equal(result.report.warnings.len, 1);
    }
}

static void test_load_where_a_directory_stands_for_a_file_warns(void **state)
{
    struct given *g = *state;
    assert_int_equal(mkdir(temp_dir_join(&g->tmp, "tlscert"), 0700), 0);
    assert_warns(g, "tlscert");
    assert_int_equal(rmdir(temp_dir_join(&g->tmp, "tlscert")), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_load_when_nothing_was_written_finds_nothing_and_is_quiet),
        TEST(test_load_when_the_directory_is_gone_finds_nothing_and_makes_none),
        TEST(test_load_tells_what_the_last_run_left),
        TEST(test_load_of_a_leaf_names_the_leaf),
        TEST(test_load_of_a_damaged_file_warns),
        TEST(test_load_when_a_part_is_missing_warns),
        TEST(test_load_when_key_and_certificate_differ_warns),
        TEST(test_load_after_a_kill_between_renames_gives_one_set),
        TEST(test_load_of_a_damaged_pair_takes_it_from_the_identity),
        TEST(test_load_never_goes_back_to_an_older_identity),
        TEST(test_load_of_a_cut_identity_beside_a_damaged_pair_warns),
        TEST(test_load_where_a_directory_stands_for_a_file_warns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
