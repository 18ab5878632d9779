/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and rules; what claims are refused is shown by real joins (integration/kubernetes). */
#include "authority/kube.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

/* RFC 7515, appendix A.3: another's key and signature. */
#define SET                                                                                        \
    "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"one\"," \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"
#define SIGNED                                                                                     \
    "eyJhbGciOiJFUzI1NiJ9."                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define SIGNATURE                                                                                  \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static void test_verify_takes_what_a_key_of_the_set_signed(void **state)
{
    (void)state;
    CLEANUP(jwks_release) struct jwks keys = {.len = 0};
    CLEANUP(buf_release) struct buf payload = BUF_INIT(JWKS_MAX);
    assert_ok(jwks_parse(bytes_of_str(SET), &keys));
    assert_int_equal(keys.len, 1);
    assert_ok(jwks_verify(&keys, SIGNED SIGNATURE, &payload));
    assert_non_null(strstr(buf_str(&payload), "\"iss\":\"joe\""));
}

static void test_verify_refuses_everything_else(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "a.b",
        SIGNED,
        SIGNED ".",
        SIGNED ".AAAA",
        SIGNED SIGNATURE ".x",
        "eyJhbGciOiJub25lIn0.e30.",                   /* "alg":"none" */
        "eyJhbGciOiJFUzI1NiJ9.e30" SIGNATURE,         /* another payload */
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IjIifQ.e30.AAAA" /* "kid":"2" */
    };
    CLEANUP(jwks_release) struct jwks keys = {.len = 0};
    CLEANUP(buf_release) struct buf payload = BUF_INIT(JWKS_MAX);
    assert_ok(jwks_parse(bytes_of_str(SET), &keys));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(jwks_verify(&keys, bad[i], &payload), ERR_DENIED, "token");
        assert_int_equal(payload.len, 0);
    }
}

static void test_set_without_a_usable_key_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "[]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(jwks_release) struct jwks keys = {.len = 0};
        assert_fails(jwks_parse(bytes_of_str(bad[i]), &keys), ERR_CONFIG, "");
    }
}

static void test_rules_name_token_bot_and_account(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "t", "t=", "t=b", "t=b:", "t=b:n", "=b:n:a", "t=:n:a"};
    CLEANUP(kube_release) struct kube k = {.n_rules = 0};
    const char *bot = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(kube_add_rule(&k, bad[i]), ERR_USAGE, "TOKEN=BOT:NAMESPACE:ACCOUNT");
    assert_ok(kube_add_rule(&k, "pods=robot:apps:web"));
    assert_string_equal(k.rules[0].token, "pods");
    assert_string_equal(k.rules[0].bot, "robot");
    assert_string_equal(k.rules[0].account, "apps:web");
    assert_true(kube_knows(&k, "pods"));
    assert_false(kube_knows(&k, "pod"));
    assert_fails(kube_judge(&k, "pod", SIGNED SIGNATURE, "example", wall_of_unix(1), &bot),
                 ERR_DENIED, "not found");
}

static void test_signed_token_with_other_claims_is_refused(void **state)
{
    (void)state;
    CLEANUP(kube_release) struct kube k = {.n_rules = 0};
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    const char *bot = NULL;
    temp_dir_write(&tmp, "jwks", SET);
    assert_ok(kube_load_keys(&k, temp_dir_join(&tmp, "jwks")));
    assert_ok(kube_add_rule(&k, "pods=robot:apps:web"));
    assert_fails(kube_judge(&k, "pods", SIGNED SIGNATURE, "example", wall_of_unix(1), &bot),
                 ERR_DENIED, "another audience");
    assert_null(bot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_takes_what_a_key_of_the_set_signed),
        cmocka_unit_test(test_verify_refuses_everything_else),
        cmocka_unit_test(test_set_without_a_usable_key_is_refused),
        cmocka_unit_test(test_rules_name_token_bot_and_account),
        cmocka_unit_test(test_signed_token_with_other_claims_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
