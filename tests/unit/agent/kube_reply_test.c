/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_reply.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static const struct kube_asked asked = {"patch", "apps", "web", "of 'a', for 'b'"};

#define STATUS(reason, kind, causes)                                                               \
    "{\"kind\":\"Status\",\"reason\":\"" reason "\",\"message\":\"so it is\",\"details\":"         \
    "{\"kind\":\"" kind "\",\"causes\":[" causes "]}}"
#define OWNED "{\"reason\":\"FieldManagerConflict\"}"

static struct kube_reply reply(unsigned status, const char *body)
{
    struct kube_reply r;
    kube_reply_read(status, bytes_of_str(body), (struct dur){0}, &r);
    return r;
}

static void test_each_answer_has_its_code_and_advice(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *body;
        enum err_code code;
        const char *hint; /* NULL: none */
    } cases[] = {
        {301, "", ERR_PROTOCOL, NULL},
        {400, STATUS("BadRequest", "", ""), ERR_REJECTED, NULL},
        {401, STATUS("Unauthorized", "", ""), ERR_DENIED, "of 'a', for 'b'"},
        {403, STATUS("Forbidden", "secrets", ""), ERR_DENIED,
         "namespace 'apps' with the rule {apiGroups: [\"\"], resources: [secrets], resourceNames: "
         "[web], verbs: [get, create, patch]}"},
        {404, STATUS("NotFound", "secrets", ""), ERR_NOT_FOUND, NULL},
        {404, STATUS("NotFound", "namespaces", ""), ERR_NOT_FOUND, "Make the namespace 'apps'"},
        {409, STATUS("Conflict", "secrets", ""), ERR_BUSY, NULL},
        {409, STATUS("Conflict", "secrets", OWNED), ERR_REJECTED, "Somebody else keeps"},
        {410, STATUS("Expired", "", ""), ERR_BUSY, NULL},
        {415, STATUS("UnsupportedMediaType", "", ""), ERR_UNIMPLEMENTED, "1.22"},
        {422, STATUS("Invalid", "Secret", ""), ERR_REJECTED, "another type"},
        {429, STATUS("TooManyRequests", "", ""), ERR_BUSY, NULL},
        {500, "<html>", ERR_UNAVAILABLE, NULL},
        {503, "", ERR_UNAVAILABLE, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kube_reply r = reply(cases[i].status, cases[i].body);
        CLEANUP(err_freep) struct err *e = kube_reply_error(&r, &asked);
        assert_int_equal(err_code(e), cases[i].code);
        if (cases[i].hint)
            assert_non_null(strstr(err_hint(e), cases[i].hint));
        else
            assert_null(err_hint(e));
    }
}

static void test_message_names_the_secret_and_what_the_server_says(void **state)
{
    (void)state;
    struct kube_reply r = reply(403, STATUS("Forbidden", "secrets", ""));
    CLEANUP(err_freep) struct err *e = kube_reply_error(&r, &asked);
    CLEANUP(freep) char *text = err_text(e);
    assert_string_equal(text, "patch of secret 'apps/web': the API server answers 403: so it is");
    r = reply(502, "<html>Bad Gateway");
    CLEANUP(err_freep) struct err *other = kube_reply_error(&r, &asked);
    CLEANUP(freep) char *none = err_text(other);
    assert_non_null(strstr(none, "no reason is given"));
}

static void test_texts_are_cut_and_made_printable(void **state)
{
    (void)state;
    char body[2048];
    snprintf(body, sizeof(body), "{\"message\":\"a\\nb\\u001b[2J\xc3\xb6%01000d\"}", 1);
    struct kube_reply r = reply(409, body);
    assert_int_equal(strlen(r.message), sizeof(r.message) - 1);
    assert_int_equal(strncmp(r.message, "a b [2J  0", 10), 0);
}

static void test_what_passes_may_be_repeated_a_few_times(void **state)
{
    (void)state;
    static const unsigned passing[] = {409, 410, 429, 500, 503};
    static const unsigned lasting[] = {301, 400, 403, 404, 415, 422};
    struct dur wait;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        struct kube_reply r = reply(passing[i], "");
        static const int64_t ms[] = {250, 1000, 4000};
        for (unsigned tries = 1; tries < KUBE_REPLY_TRIES; tries++) {
            assert_true(kube_reply_may_repeat(&r, tries, &wait));
            assert_int_equal(dur_to_ms(wait), ms[tries - 1]);
        }
        assert_false(kube_reply_may_repeat(&r, KUBE_REPLY_TRIES, &wait));
        r.retry_after = dur_s(7);
        assert_true(kube_reply_may_repeat(&r, 1, &wait));
        assert_int_equal(dur_to_s(wait), 7);
    }
    for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
        struct kube_reply r = reply(lasting[i], "");
        assert_false(kube_reply_may_repeat(&r, 1, &wait));
    }
    struct kube_reply owned = reply(409, STATUS("Conflict", "secrets", OWNED));
    assert_false(kube_reply_may_repeat(&owned, 1, &wait));
}

static void test_token_is_read_once_more(void **state)
{
    (void)state;
    struct kube_reply r = reply(401, "");
    struct dur wait;
    assert_true(kube_reply_may_repeat(&r, 1, &wait));
    assert_false(kube_reply_may_repeat(&r, 2, &wait));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_answer_has_its_code_and_advice),
        cmocka_unit_test(test_message_names_the_secret_and_what_the_server_says),
        cmocka_unit_test(test_texts_are_cut_and_made_printable),
        cmocka_unit_test(test_what_passes_may_be_repeated_a_few_times),
        cmocka_unit_test(test_token_is_read_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
