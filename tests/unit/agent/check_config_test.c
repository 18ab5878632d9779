/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/check_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

static const char good[] = "version: v2\n"
                           "auth_server: a.example:3025\n"
                           "onboarding: {join_method: token, token: s3cret}\n"
                           "services:\n"
                           "  - {type: identity, destination: {type: memory}}\n";

static struct config *parse(const char *text)
{
    struct config *c = NULL;
    assert_ok(config_parse("t.yaml", bytes_of_str(text), &c));
    assert_ok(config_validate(c));
    return c;
}

static void check(struct check_fixture *f, const char *file, bool has_token)
{
    CLEANUP(config_freep) struct config *c = parse(good);
    check_config(&f->check,
                 &(struct check_subject){.config = c, .file = file, .has_token = has_token});
}

static void test_every_mistake_is_a_finding_with_its_place(void **state)
{
    struct check_fixture *f = *state;
    struct config *c = NULL;
    struct err *e = config_parse(
        "t.yaml", bytes_of_str("version: v2\nproxi_server: p:1\noneshot: maybe\n"), &c);
    assert_non_null(e);
    check_config_error(&f->check, "t.yaml", e);
    assert_int_equal(f->check.failed, 2);
    assert_string_equal(f->findings[0].subject, "t.yaml:2:1");
    assert_string_equal(f->findings[0].message,
                        "key 'proxi_server': unknown, did you mean 'proxy_server'?");
    assert_string_equal(f->findings[1].subject, "t.yaml:3:10");
    assert_non_null(find(f, "storage", CHECK_NOT_TRIED, "configuration"));
    assert_non_null(find(f, "output", CHECK_NOT_TRIED, "configuration"));
}

static void test_mistake_without_a_place_is_the_files(void **state)
{
    struct check_fixture *f = *state;
    check_config_error(&f->check, "t.yaml", err_new(ERR_CONFIG, "there is no address"));
    assert_string_equal(f->findings[0].subject, "t.yaml");
    assert_string_equal(f->findings[0].message, "there is no address");
}

static void test_file_that_cannot_be_read_fails_with_a_remedy(void **state)
{
    struct check_fixture *f = *state;
    struct config *c = NULL;
    struct err *e = config_load("/nonexistent/tbot.yaml", &c);
    assert_non_null(e);
    check_config_error(&f->check, "/nonexistent/tbot.yaml", e);
    const struct finding *x = expect(f, "configuration", CHECK_FAILED, "No such file");
    assert_string_equal(x->code, "not_found");
    assert_int_equal(f->check.failed, 1);
}

static void test_warnings_of_the_file_are_findings(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(config_freep)
    struct config *c = parse("version: v2\n"
                             "auth_server: a.example:3025\n"
                             "onboarding: {join_method: token}\n"
                             "credential_ttl: 10m\n"
                             "renewal_interval: 20m\n");
    check_config(&f->check, &(struct check_subject){.config = c, .file = "t.yaml"});
    const struct finding *x =
        find(f, "configuration", CHECK_WARNING, "expire before they are renewed");
    assert_non_null(x);
    assert_string_equal(x->subject, "t.yaml:4:1");
}

static void test_good_configuration_is_good(void **state)
{
    struct check_fixture *f = *state;
    check(f, NULL, false);
    expect_all_well(f);
    const struct finding *x = expect(f, "configuration", CHECK_OK, "1 output");
    assert_string_equal(x->subject, "command line");
    assert_null(find(f, "permissions", CHECK_OK, ""));
}

/* How a file of that mode is judged. */
static void check_mode(struct check_fixture *f, mode_t mode, bool has_token)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    temp_dir_write(&tmp, "t.yaml", good);
    const char *path = temp_dir_join(&tmp, "t.yaml");
    assert_int_equal(chmod(path, mode), 0);
    f->len = 0;
    check(f, path, has_token);
}

static void test_literal_token_in_a_file_others_can_read_warns(void **state)
{
    struct check_fixture *f = *state;
    check_mode(f, 0600, true);
    expect(f, "permissions", CHECK_OK, "holds the token");
    check_mode(f, 0644, false);
    expect(f, "permissions", CHECK_OK, "no secret");
    expect_all_well(f);
    check_mode(f, 0640, true);
    expect(f, "permissions", CHECK_WARNING, "mode 0640");
    check_mode(f, 0604, true);
    expect(f, "permissions", CHECK_WARNING, "holds the token");
}

static void test_file_others_can_change_warns(void **state)
{
    struct check_fixture *f = *state;
    check_mode(f, 0620, false);
    expect(f, "permissions", CHECK_WARNING, "change it");
    check_mode(f, 0602, false);
    expect(f, "permissions", CHECK_WARNING, "mode 0602");
}

static void test_standard_input_and_pipes_have_no_permissions(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    const char *pipe = temp_dir_join(&tmp, "pipe");
    assert_int_equal(mkfifo(pipe, 0644), 0);
    check(f, "-", true);
    assert_string_equal(f->findings[0].subject, "<stdin>");
    check(f, pipe, true);
    assert_null(find(f, "permissions", CHECK_WARNING, ""));
    assert_null(find(f, "permissions", CHECK_OK, ""));
}

static char *https_proxy(const char *name)
{
    static char value[] = "http://127.0.0.1:9";
    return strcmp(name, "HTTPS_PROXY") == 0 ? value : NULL;
}

static void test_variable_that_start_refuses_fails(void **state)
{
    struct check_fixture *f = *state;
    f->check.getenv = https_proxy;
    check(f, NULL, false);
    expect(f, "environment", CHECK_FAILED, "HTTPS_PROXY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(test_every_mistake_is_a_finding_with_its_place),
        CHECK_TEST(test_mistake_without_a_place_is_the_files),
        CHECK_TEST(test_file_that_cannot_be_read_fails_with_a_remedy),
        CHECK_TEST(test_warnings_of_the_file_are_findings),
        CHECK_TEST(test_good_configuration_is_good),
        CHECK_TEST(test_literal_token_in_a_file_others_can_read_warns),
        CHECK_TEST(test_file_others_can_change_warns),
        CHECK_TEST(test_standard_input_and_pipes_have_no_permissions),
        CHECK_TEST(test_variable_that_start_refuses_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
