/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_settings.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"
#include "transport/environment.h"

#include <stdio.h>

static const char *env_name;

static char *get(const char *name)
{
    return env_name && strcmp(name, env_name) == 0 ? (char *)(uintptr_t) "value" : NULL;
}

struct hash {
    char text[SHA256_HEX_SIZE];
};

static struct hash hash_of(const struct path_settings *s)
{
    struct hash h;
    assert_ok(path_settings_hash(s, h.text));
    return h;
}

static struct path_settings plain(const char *address, struct address *parsed)
{
    env_name = NULL;
    assert_ok(address_parse(address, 443, parsed));
    return (struct path_settings){.address = parsed, .kind = PATH_UNKNOWN, .get = get};
}

static void test_hash_is_the_same_for_the_same_settings(void **state)
{
    (void)state;
    struct address a, b;
    struct path_settings one = plain("a.example", &a), two = plain("https://a.example:443", &b);
    struct strlist none = {0};
    two.ca_pins = &none;
    two.ca_path = "";
    assert_string_equal(hash_of(&one).text, hash_of(&two).text);
    /* As files on disks have it: a change of it makes everybody learn anew. */
    assert_string_equal(hash_of(&one).text,
                        "eabdfe1afbb5dd186b5bfde80e3a6c3cdb5224df59594a48e465052b1a1255c5");
}

static void test_hash_is_another_for_each_other_setting(void **state)
{
    (void)state;
    struct address a, b;
    struct path_settings s = plain("a.example", &a);
    const struct hash before = hash_of(&s);
    assert_ok(address_parse("a.example:444", 443, &b));
    s.address = &b;
    assert_string_not_equal(hash_of(&s).text, before.text);
    s.address = &a;
    s.kind = PATH_PROXY;
    assert_string_not_equal(hash_of(&s).text, before.text);
    s.kind = PATH_UNKNOWN;
    s.insecure = true;
    assert_string_not_equal(hash_of(&s).text, before.text);
    s.insecure = false;
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        env_name = environment_names[i];
        assert_string_not_equal(hash_of(&s).text, before.text);
    }
    env_name = "HOME";
    assert_string_equal(hash_of(&s).text, before.text);
}

static void test_hash_tells_lists_apart_by_their_items(void **state)
{
    (void)state;
    struct address a;
    struct path_settings s = plain("a.example", &a);
    CLEANUP(strlist_release) struct strlist one = {0};
    CLEANUP(strlist_release) struct strlist two = {0};
    assert_ok(strlist_add(&one, "sha256:aasha256:bb"));
    assert_ok(strlist_split(&two, "sha256:aa sha256:bb", ' '));
    s.ca_pins = &one;
    const struct hash before = hash_of(&s);
    s.ca_pins = &two;
    assert_string_not_equal(hash_of(&s).text, before.text);
}

static void test_hash_follows_what_is_in_the_ca_file(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    struct address a;
    struct path_settings s = plain("a.example", &a);
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/ca.pem", dir.path);
    const struct hash without = hash_of(&s);
    s.ca_path = path;
    const struct hash missing = hash_of(&s);
    temp_dir_write(&dir, "ca.pem", "one");
    const struct hash one = hash_of(&s);
    temp_dir_write(&dir, "ca.pem", "two");
    assert_string_not_equal(missing.text, without.text);
    assert_string_not_equal(one.text, missing.text);
    assert_string_not_equal(hash_of(&s).text, one.text);
    temp_dir_write(&dir, "moved.pem", "one");
    (void)snprintf(path, sizeof(path), "%s/moved.pem", dir.path);
    assert_string_equal(hash_of(&s).text, one.text);
}

static void test_join_hash_follows_method_and_token(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(secret_freep) struct secret *other = NULL;
    struct hash h[5];
    assert_ok(secret_new("first", 5, &token));
    assert_ok(secret_new("second", 6, &other));
    assert_ok(path_settings_join_hash("a", "token", token, h[0].text));
    assert_ok(path_settings_join_hash("a", "token", other, h[1].text));
    assert_ok(path_settings_join_hash("a", "token", NULL, h[2].text));
    assert_ok(path_settings_join_hash("a", NULL, token, h[3].text));
    assert_ok(path_settings_join_hash("b", "token", token, h[4].text));
    for (int i = 0; i < 5; i++)
        for (int k = i + 1; k < 5; k++)
            assert_string_not_equal(h[i].text, h[k].text);
    assert_ok(path_settings_join_hash("a", "token", token, h[1].text));
    assert_string_equal(h[0].text, h[1].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_the_same_for_the_same_settings),
        cmocka_unit_test(test_hash_is_another_for_each_other_setting),
        cmocka_unit_test(test_hash_tells_lists_apart_by_their_items),
        cmocka_unit_test(test_hash_follows_what_is_in_the_ca_file),
        cmocka_unit_test(test_join_hash_follows_method_and_token),
    };
    return cmocka_run_group_tests_name("transport/path_settings", tests, NULL, NULL);
}
