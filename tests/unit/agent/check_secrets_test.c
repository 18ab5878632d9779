/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "identity/pki/ossl.h"
#include "tests/support/host_ca.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/check_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#define TOKEN "a-token-of-nobody"

/* As if check_storage() had found an identity that came from `token`. */
static void has_identity(struct check_fixture *f, const char *token, bool is_valid)
{
    f->check.has_identity = true;
    f->check.needs_token = !is_valid;
    assert_ok(sha256_hex(bytes_of_str(token), f->check.tokenhash));
}

static void check_literal(struct check_fixture *f, const char *token)
{
    struct config config = {0};
    if (token)
        assert_ok(config_onboarding_set_token(&config.onboarding, bytes_of_str(token)));
    check_token(&f->check, &config);
    config_onboarding_release(&config.onboarding);
}

static void test_first_start_needs_a_token(void **state)
{
    struct check_fixture *f = *state;
    f->check.needs_token = true;
    check_literal(f, TOKEN);
    expect(f, "token", CHECK_OK, "there is one");
    assert_true(f->check.has_token);
    f->check.has_token = false;
    check_literal(f, NULL);
    expect(f, "token", CHECK_FAILED, "there is no join token");
    assert_false(f->check.has_token);
    for (size_t i = 0; i < f->len; i++)
        assert_null(strstr(f->findings[i].message, TOKEN));
}

static void test_stored_identity_does_without_a_token(void **state)
{
    struct check_fixture *f = *state;
    has_identity(f, TOKEN, true);
    check_literal(f, NULL);
    expect(f, "token", CHECK_OK, "does without");
    check_literal(f, TOKEN);
    expect(f, "token", CHECK_OK, "not needed any more");
    assert_false(f->check.needs_token);
    expect_all_well(f);
}

static void test_new_token_makes_a_start_join(void **state)
{
    struct check_fixture *f = *state;
    has_identity(f, TOKEN, true);
    check_literal(f, "another");
    expect(f, "token", CHECK_OK, "a start joins with it");
    assert_true(f->check.needs_token);
}

static void test_expired_identity_and_its_old_token_warn(void **state)
{
    struct check_fixture *f = *state;
    has_identity(f, TOKEN, false);
    check_literal(f, TOKEN);
    expect(f, "token", CHECK_WARNING, "good once");
}

/* A file of that name and content, or none. */
static void check_file(struct check_fixture *f, const char *content, mode_t mode)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    const char *path = temp_dir_join(&tmp, "token");
    if (content) {
        temp_dir_write(&tmp, "token", content);
        assert_int_equal(chmod(temp_dir_join(&tmp, "token"), mode), 0);
        path = temp_dir_join(&tmp, "token");
    }
    f->len = 0;
    check_literal(f, path);
}

static void test_token_file_is_judged_by_content_and_mode(void **state)
{
    struct check_fixture *f = *state;
    f->check.needs_token = true;
    check_file(f, TOKEN "\n", 0600);
    expect_all_well(f);
    check_file(f, TOKEN "\n", 0640);
    expect(f, "token", CHECK_WARNING, "mode 0640");
    check_file(f, "\n", 0600);
    expect(f, "token", CHECK_FAILED, "is empty");
    check_file(f, NULL, 0);
    expect(f, "token", CHECK_FAILED, "No such file");
}

static void test_token_file_that_is_gone_matters_only_to_a_join(void **state)
{
    struct check_fixture *f = *state;
    has_identity(f, TOKEN, true);
    check_file(f, NULL, 0);
    expect_all_well(f);
    expect(f, "token", CHECK_OK, "does without");
}

/* --- trust --- */

static void check_trust_of(struct check_fixture *f, struct config config)
{
    f->len = 0;
    check_trust(&f->check, &config);
}

static char address[] = "a.example:3025";

static void test_first_join_without_pins_warns(void **state)
{
    struct check_fixture *f = *state;
    f->check.needs_token = true;
    check_trust_of(f, (struct config){.auth_server = address});
    expect(f, "trust", CHECK_WARNING, "trusts whom it meets");
    check_trust_of(f, (struct config){.proxy_server = address, .insecure = true});
    expect(f, "trust", CHECK_WARNING, "insecure");
    check_trust_of(f, (struct config){.proxy_server = address});
    expect(f, "trust", CHECK_OK, "system's");
}

static void test_pins_and_stored_authorities_are_good(void **state)
{
    struct check_fixture *f = *state;
    struct config config = {.auth_server = address};
    f->check.needs_token = true;
    assert_ok(strlist_add(&config.onboarding.ca_pins, "sha256:00"));
    check_trust_of(f, config);
    expect(f, "trust", CHECK_OK, "1 pinned authority");
    config_onboarding_release(&config.onboarding);
    f->check.needs_token = false;
    check_trust_of(f, config);
    expect(f, "trust", CHECK_OK, "stored identity");
    expect_all_well(f);
}

static void check_ca_path(struct check_fixture *f, struct temp_dir *tmp, const char *content)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/ca.pem", tmp->path);
    if (content)
        temp_dir_write(tmp, "ca.pem", content);
    struct config config = {.auth_server = address, .onboarding.ca_path = path};
    check_trust_of(f, config);
}

static void test_ca_path_must_hold_certificates(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    check_ca_path(f, &tmp, NULL);
    expect(f, "trust", CHECK_FAILED, "No such file");
    check_ca_path(f, &tmp, "no certificates here");
    expect(f, "trust", CHECK_FAILED, "no PEM certificate");
    CLEANUP(freep) char *pem = fixture_ca_pem();
    check_ca_path(f, &tmp, pem);
    expect(f, "trust", CHECK_OK, "1 of 1");
}

static void test_ca_past_its_end_fails_unless_another_is_there(void **state)
{
    struct check_fixture *f = *state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct host_ca ca;
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    host_ca_init(&ca, "example");
    CLEANUP(x509_freep) X509 *old = host_ca_issue(&ca, key, "DNS:a", 1767323000);
    CLEANUP(freep) char *old_pem = fixture_pem(old), *pem = fixture_ca_pem(), *both = NULL;
    check_ca_path(f, &tmp, old_pem);
    expect(f, "trust", CHECK_FAILED, "expired since");
    assert_true(asprintf(&both, "%s%s", old_pem, pem) > 0);
    check_ca_path(f, &tmp, both);
    expect(f, "trust", CHECK_WARNING, "expired since");
    expect(f, "trust", CHECK_OK, "1 of 2");
    host_ca_release(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(test_first_start_needs_a_token),
        CHECK_TEST(test_stored_identity_does_without_a_token),
        CHECK_TEST(test_new_token_makes_a_start_join),
        CHECK_TEST(test_expired_identity_and_its_old_token_warn),
        CHECK_TEST(test_token_file_is_judged_by_content_and_mode),
        CHECK_TEST(test_token_file_that_is_gone_matters_only_to_a_join),
        CHECK_TEST(test_first_join_without_pins_warns),
        CHECK_TEST(test_pins_and_stored_authorities_are_good),
        CHECK_TEST(test_ca_path_must_hold_certificates),
        CHECK_TEST(test_ca_past_its_end_fails_unless_another_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
