/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_token.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

/* {"alg":"RS256"}; the claims as each name says; "sig". */
#define HEADER "eyJhbGciOiJSUzI1NiJ9."
#define GOOD                                                                                       \
    HEADER                                                                                         \
    "eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YXBwczpyb2JvdCIsImF1ZCI6WyJleGFtcGxlIl0sImV4cCI"      \
    "6MTc2NzMyNjY0NX0.c2ln"
#define OLD_AND_FOR_KUBERNETES                                                                     \
    HEADER                                                                                         \
    "eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YXBwczpyb2JvdCIsImF1ZCI6Imh0dHBzOi8va3ViZXJuZX"       \
    "Rlcy5kZWZhdWx0LnN2YyIsImV4cCI6MTc2NzMyMzAwMH0.c2ln"
#define FOR_A_AND_B HEADER "eyJzdWIiOiJ4IiwiYXVkIjpbImEiLCJiIl19.c2ln"
#define ENDS_NEVER HEADER "eyJleHAiOjFlKzMwMH0.c2ln"

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static char *one_variable(const char *name)
{
    static char path[] = "/from/environment";
    return strcmp(name, "KUBERNETES_TOKEN_PATH") == 0 ? path : NULL;
}

static void test_path_is_the_configured_one_then_the_environments(void **state)
{
    (void)state;
    assert_string_equal(kube_token_path("/configured", one_variable), "/configured");
    assert_string_equal(kube_token_path("", one_variable), "/from/environment");
    assert_string_equal(kube_token_path(NULL, no_variable),
                        "/var/run/secrets/kubernetes.io/serviceaccount/token");
}

static void test_read_trims_and_refuses_what_is_no_jwt(void **state)
{
    (void)state;
    static const struct {
        const char *content, *says;
    } bad[] = {{"", "is empty"},
               {" \n", "is empty"},
               {"a.b", "is no JWT"},
               {"a.b.c.d", "is no"},
               {"a.b.c\r\nX: y", "is no"}};
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(secret_freep) struct secret *token = NULL;
    assert_fails(kube_token_read(temp_dir_join(&tmp, "token"), &token), ERR_STORAGE, "No such");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        temp_dir_write(&tmp, "token", bad[i].content);
        assert_fails(kube_token_read(temp_dir_join(&tmp, "token"), &token), ERR_STORAGE,
                     bad[i].says);
    }
    temp_dir_write(&tmp, "token", GOOD "\n");
    assert_ok(kube_token_read(temp_dir_join(&tmp, "token"), &token));
    assert_string_equal(secret_str(token), GOOD);
}

static struct kube_token_claims claims_of(const char *text)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    struct kube_token_claims claims;
    assert_ok(secret_new(text, strlen(text), &token));
    assert_ok(kube_token_claims(token, &claims));
    return claims;
}

static void test_claims_are_read_and_described(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1024);
    struct kube_token_claims claims = claims_of(GOOD);
    assert_ok(kube_token_describe(&claims, wall_of_unix(NOW), &text));
    assert_string_equal(buf_str(&text), "of 'system:serviceaccount:apps:robot', for 'example', "
                                        "valid until 2026-01-02T04:04:05Z");
    buf_clear(&text);
    assert_ok(kube_token_describe(&claims, wall_of_unix(NOW + 4000), &text));
    assert_non_null(strstr(buf_str(&text), "expired at 2026-01-02T04:04:05Z"));
    assert_string_equal(claims_of(FOR_A_AND_B).audience, "a, b");
    assert_true(claims_of(FOR_A_AND_B).expires.ns == WALL_NONE.ns);
    assert_true(claims_of(ENDS_NEVER).expires.ns == WALL_NONE.ns);
}

static void test_claims_of_garbage_are_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"a.b.c", "..", "e30.W10.x", "e30.+.x", "e30.eyJzdWIiOjF9.x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(secret_freep) struct secret *token = NULL;
        struct kube_token_claims claims;
        assert_ok(secret_new(bad[i], strlen(bad[i]), &token));
        assert_fails(kube_token_claims(token, &claims), ERR_STORAGE, "token");
    }
}

/* The error of a join with the token, explained. */
static struct err *explained(const char *token_text, enum err_code code, bool was_shown)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    const struct kube_token_refusal refusal = {.path = "/run/token",
                                               .cluster = "example",
                                               .was_shown = was_shown,
                                               .now = wall_of_unix(NOW)};
    assert_ok(secret_new(token_text, strlen(token_text), &token));
    return kube_token_explain(&refusal, token, err_new(code, "no"));
}

static void assert_explained(const char *token, enum err_code code, const char *hint)
{
    CLEANUP(err_freep) struct err *e = explained(token, code, true);
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), code);
    assert_non_null(strstr(text, "'/run/token' (of 'system:serviceaccount:apps:robot'"));
    assert_null(strstr(text, "c2ln"));
    assert_non_null(strstr(err_hint(e), hint));
}

static void test_refusal_is_explained_by_what_the_token_says(void **state)
{
    (void)state;
    assert_explained(GOOD, ERR_DENIED, "NAMESPACE:NAME");
    assert_explained(OLD_AND_FOR_KUBERNETES, ERR_DENIED, "'subPath'");
    assert_explained(OLD_AND_FOR_KUBERNETES, ERR_UNAVAILABLE, "'subPath'");
    assert_null(kube_token_explain(&(struct kube_token_refusal){0}, NULL, NULL));
}

static void test_outage_is_not_explained_by_a_token(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        bool was_shown;
    } cases[] = {{GOOD, true}, {GOOD, false}, {OLD_AND_FOR_KUBERNETES, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(err_freep)
        struct err *e = explained(cases[i].token, ERR_UNAVAILABLE, cases[i].was_shown);
        CLEANUP(freep) char *text = err_text(e);
        assert_string_equal(text, "no");
        assert_null(err_hint(e));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_is_the_configured_one_then_the_environments),
        cmocka_unit_test(test_read_trims_and_refuses_what_is_no_jwt),
        cmocka_unit_test(test_claims_are_read_and_described),
        cmocka_unit_test(test_claims_of_garbage_are_an_error),
        cmocka_unit_test(test_refusal_is_explained_by_what_the_token_says),
        cmocka_unit_test(test_outage_is_not_explained_by_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
