/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_credential.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

static char *directory; /* what $CREDENTIALS_DIRECTORY says */

static char *get(const char *name)
{
    assert_string_equal(name, "CREDENTIALS_DIRECTORY");
    return directory;
}

static struct config *config_with_token(const char *token)
{
    struct config *config = NULL;
    assert_ok(config_new(&config));
    assert_ok(config_onboarding_set_token(&config->onboarding, bytes_of_str(token)));
    return config;
}

/* Two files, and a configuration that names the second. */
struct world {
    struct temp_dir tmp;
    struct config *config;
};

static struct world world_make(void)
{
    struct world w = {.tmp = temp_dir_make()};
    temp_dir_write(&w.tmp, "token", "of the file\n");
    w.config = config_with_token(temp_dir_join(&w.tmp, "token"));
    return w;
}

static void world_release(struct world *w)
{
    config_free(w->config);
    temp_dir_remove(&w->tmp);
}

static void assert_token(const struct config *config, const char *expected)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    assert_ok(config_token(&config->onboarding, &token));
    assert_string_equal(secret_str(token), expected);
}

static void test_credential_goes_before_the_file(void **state)
{
    CLEANUP(world_release) struct world w = world_make();
    (void)state;
    temp_dir_write(&w.tmp, "join-token", " handed over\n");
    directory = w.tmp.path;
    assert_ok(config_credential_find(w.config, get));
    assert_token(w.config, "handed over");
}

static void test_file_counts_where_nothing_is_handed_over(void **state)
{
    CLEANUP(world_release) struct world w = world_make();
    (void)state;
    directory = w.tmp.path;
    assert_ok(config_credential_find(w.config, get));
    assert_token(w.config, "of the file");
    temp_dir_write(&w.tmp, "join-token", "\n"); /* the fallback of our units */
    assert_token(w.config, "of the file");
}

static void test_error_names_the_file_where_neither_is(void **state)
{
    CLEANUP(world_release) struct world w = world_make();
    CLEANUP(secret_freep) struct secret *token = NULL;
    (void)state;
    directory = w.tmp.path;
    temp_dir_delete(&w.tmp, "token");
    assert_ok(config_credential_find(w.config, get));
    assert_fails(config_token(&w.config->onboarding, &token), ERR_NOT_FOUND, "/token'");
}

static void test_literal_token_is_not_replaced(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(config_freep) struct config *config = config_with_token("literal");
    (void)state;
    temp_dir_write(&tmp, "join-token", "handed over");
    directory = tmp.path;
    assert_ok(config_credential_find(config, get));
    assert_token(config, "literal");
}

static void test_odd_directories_are_none(void **state)
{
    char *const odd[] = {NULL, (char[]){""}, (char[]){"relative"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(world_release) struct world w = world_make();
        directory = odd[i];
        assert_ok(config_credential_find(w.config, get));
        assert_null(w.config->onboarding.token_credential);
    }
}

static void test_new_token_forgets_the_credential_of_the_old(void **state)
{
    CLEANUP(world_release) struct world w = world_make();
    (void)state;
    directory = w.tmp.path;
    assert_ok(config_credential_find(w.config, get));
    assert_ok(config_onboarding_set_token(&w.config->onboarding, bytes_of_str("literal")));
    assert_null(w.config->onboarding.token_credential);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credential_goes_before_the_file),
        cmocka_unit_test(test_file_counts_where_nothing_is_handed_over),
        cmocka_unit_test(test_error_names_the_file_where_neither_is),
        cmocka_unit_test(test_literal_token_is_not_replaced),
        cmocka_unit_test(test_odd_directories_are_none),
        cmocka_unit_test(test_new_token_forgets_the_credential_of_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
