/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_mask.h"

#include "agent/config_schema.h"
#include "agent/config_write.h"
#include "tests/unit/agent/config_test_support.h"

#include <string.h>

static char *mask_and_write(const char *yaml)
{
    CLEANUP(config_freep) struct config *c = NULL;
    CLEANUP(secret_freep) struct secret *text = NULL;
    assert_ok(config_parse("t", bytes_of_str(yaml), &c));
    assert_ok(config_mask(c));
    assert_ok(config_write(c, &text));
    return strdup(secret_str(text));
}

static void test_token_is_masked_and_the_rest_is_there(void **state)
{
    (void)state;
    CLEANUP(freep) char *text = mask_and_write(config_test_rich);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "  token: \"" CONFIG_MASK "\"\n"));
    assert_non_null(strstr(text, "proxy_server: proxy.example.com:443\n"));
    assert_non_null(strstr(text, "path: /srv/web\n"));
}

static void test_token_inside_a_join_uri_is_masked(void **state)
{
    (void)state;
    CLEANUP(freep)
    char *text =
        mask_and_write("version: v2\njoin_uri: tbot+proxy+token://hunter2@p.example.com:443\n");
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "p.example.com:443"));
}

static void test_path_of_a_token_is_no_secret(void **state)
{
    (void)state;
    CLEANUP(freep) char *text = mask_and_write("version: v2\nonboarding:\n  token: /etc/token\n");
    assert_non_null(strstr(text, "token: /etc/token\n"));
}

static void test_url_that_may_hold_a_key_is_masked(void **state)
{
    (void)state;
    CLEANUP(freep)
    char *text = mask_and_write("version: v2\nmetrics: {url: 'https://b/in?key=hunter2'}\n");
    CLEANUP(freep) char *none = mask_and_write("version: v2\nmetrics: {graphite: g}\n");
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "  url: \"" CONFIG_MASK "\"\n"));
    assert_null(strstr(none, CONFIG_MASK));
}

/* Whoever marks a new key as sensitive, and keeps it, must have it masked. */
static void check_section(const struct config_section *section)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            bool is_masked = key->kind == CONFIG_TOKEN || key->kind == CONFIG_TEXT;
            if (key->is_kept && (key->flags & CONFIG_SENSITIVE) && !is_masked)
                fail_msg("'%s' of '%s' is not masked", key->name, section->name);
            if (key->section)
                check_section(key->section);
        }
}

static void test_every_sensitive_key_has_its_mask(void **state)
{
    (void)state;
    check_section(&config_schema_top);
    const struct config_variants *all[] = {&config_schema_destinations, &config_schema_services};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < all[i]->len; j++)
            check_section(all[i]->items[j].section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_is_masked_and_the_rest_is_there),
        cmocka_unit_test(test_token_inside_a_join_uri_is_masked),
        cmocka_unit_test(test_path_of_a_token_is_no_secret),
        cmocka_unit_test(test_url_that_may_hold_a_key_is_masked),
        cmocka_unit_test(test_every_sensitive_key_has_its_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
