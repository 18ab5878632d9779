/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_secret.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static struct dir_file file(const char *name, const char *content)
{
    return (struct dir_file){.name = name, .content = bytes_of_str(content)};
}

static void test_whole_secret_is_one_document(void **state)
{
    (void)state;
    static char app[] = "app", web[] = "web", made[] = "example.com/made-by", tbot[] = "tbot";
    const struct config_label labels[] = {{app, web}, {made, tbot}};
    const struct kube_secret s = {"apps", "web", labels, 2};
    const struct dir_file files[] = {file("key", "k\n"), file("tlscert", "")};
    CLEANUP(secret_freep) struct secret *json = NULL;
    assert_ok(kube_secret_encode(&s, files, 2, &json));
    assert_string_equal(
        secret_str(json),
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"web\",\"namespace\":"
        "\"apps\",\"labels\":{\"app\":\"web\",\"example.com/made-by\":\"tbot\"}},\"type\":"
        "\"Opaque\",\"data\":{\"key\":\"awo=\",\"tlscert\":\"\"}}");
}

static void test_secret_without_files_is_one_too(void **state)
{
    (void)state;
    const struct kube_secret s = {"apps", "web", NULL, 0};
    CLEANUP(secret_freep) struct secret *json = NULL;
    assert_ok(kube_secret_encode(&s, NULL, 0, &json));
    assert_non_null(strstr(secret_str(json), "\"labels\":{}},\"type\":\"Opaque\",\"data\":{}}"));
}

static void test_what_a_secret_cannot_hold_is_told_before_it_is_sent(void **state)
{
    (void)state;
    const struct kube_secret s = {"apps", "web", NULL, 0};
    CLEANUP(freep) char *big = malloc(KUBE_SECRET_MAX + 1);
    CLEANUP(secret_freep) struct secret *json = NULL;
    memset(big, 'x', KUBE_SECRET_MAX + 1);
    struct dir_file f = {.name = "key", .content = {(uint8_t *)big, KUBE_SECRET_MAX + 1}};
    assert_fails(kube_secret_encode(&s, &f, 1, &json), ERR_STORAGE, "1048577 bytes");
    f.content.len = KUBE_SECRET_MAX;
    assert_ok(kube_secret_encode(&s, &f, 1, &json));
    const struct dir_file odd = file("a/b", "x");
    CLEANUP(secret_freep) struct secret *none = NULL;
    assert_fails(kube_secret_encode(&s, &odd, 1, &none), ERR_STORAGE, "'a/b'");
}

static void test_files_come_back_as_they_were(void **state)
{
    (void)state;
    const struct kube_secret s = {"apps", "web", NULL, 0};
    char all[10000];
    CLEANUP(secret_freep) struct secret *json = NULL;
    CLEANUP(secret_files_release) struct secret_files files = {0};
    bool is_ours = true;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)(i * 7);
    const struct dir_file in[] = {{.name = "key", .content = {(uint8_t *)all, sizeof(all)}},
                                  file("tlscert", "cert")};
    assert_ok(kube_secret_encode(&s, in, 2, &json));
    assert_ok(kube_secret_decode(secret_bytes(json), "tbot", &files, &is_ours));
    assert_int_equal(files.len, 2);
    assert_int_equal(secret_files_changed(&files, in, 2), 0);
    assert_false(is_ours);
}

static void test_owner_is_who_has_applied(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool is_ours;
    } cases[] = {
        {"{\"manager\":\"tbot\",\"operation\":\"Apply\"}", true},
        {"{\"manager\":\"helm\",\"operation\":\"Apply\"},{\"manager\":\"tbot\",\"operation\":"
         "\"Apply\"}",
         true},
        {"{\"manager\":\"tbot\",\"operation\":\"Update\"}", false},
        {"{\"manager\":\"tbot2\",\"operation\":\"Apply\"}", false},
        {"", false},
        {"7", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[256];
        CLEANUP(secret_files_release) struct secret_files files = {0};
        bool is_ours = !cases[i].is_ours;
        snprintf(json, sizeof(json), "{\"metadata\":{\"managedFields\":[%s]}}", cases[i].fields);
        assert_ok(kube_secret_decode(bytes_of_str(json), "tbot", &files, &is_ours));
        assert_true(is_ours == cases[i].is_ours);
    }
}

static void test_what_is_no_secret_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "[]",
                                      "{",
                                      "{\"data\":[]}",
                                      "{\"data\":{\"key\":7}}",
                                      "{\"data\":{\"key\":\"a\"}}",
                                      "{\"data\":{\"a\":\"YQ==\",\"a\":\"YQ==\"}}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(secret_files_release) struct secret_files files = {0};
        bool is_ours = false;
        assert_fails(kube_secret_decode(bytes_of_str(bad[i]), "tbot", &files, &is_ours),
                     ERR_PROTOCOL, "the secret");
        assert_int_equal(files.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_secret_is_one_document),
        cmocka_unit_test(test_secret_without_files_is_one_too),
        cmocka_unit_test(test_what_a_secret_cannot_hold_is_told_before_it_is_sent),
        cmocka_unit_test(test_files_come_back_as_they_were),
        cmocka_unit_test(test_owner_is_who_has_applied),
        cmocka_unit_test(test_what_is_no_secret_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
