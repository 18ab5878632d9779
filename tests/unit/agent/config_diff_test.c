/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_diff.h"

#include "agent/config_schema.h"
#include "tests/support/config_text.h"
#include "tests/unit/agent/config_test_support.h"

#include <stdio.h>
#include <string.h>

#define BOT "version: v2\nauth_server: a:1\nonboarding: {join_method: token, token: t}\n"
#define STORAGE "storage: /var/lib/bot\n"
#define WEB "- {type: identity, name: web, destination: /srv/web}\n"
#define DB "- {type: identity, name: db, destination: /srv/db}\n"

static struct config_diff compare(const char *running, const char *next)
{
    CLEANUP(config_freep) struct config *a = config_of_text("t", running);
    CLEANUP(config_freep) struct config *b = config_of_text("t", next);
    struct config_diff d = {0};
    assert_ok(config_diff_make(a, b, &d));
    return d;
}

static void assert_keys(struct config_diff *d, const struct strlist *keys, const char *expected)
{
    CLEANUP(freep) char *all = strlist_join(keys, " ");
    assert_string_equal(all, expected);
    config_diff_release(d);
}

/* Of two whole files: what needs a restart. */
static void assert_restart(const char *running, const char *next, const char *expected)
{
    struct config_diff d = compare(running, next);
    assert_keys(&d, &d.restart, expected);
}

/* Of the only service. */
static void assert_changed(const char *running, const char *next, const char *expected)
{
    struct config_diff d = compare(running, next);
    assert_int_equal(d.restart.len, 0);
    assert_int_equal(d.n_services, 1);
    assert_keys(&d, &d.services[0].keys, expected);
}

static void test_the_same_is_kept_whatever_its_form(void **state)
{
    (void)state;
    struct config_diff d =
        compare(BOT STORAGE "services:\n" WEB DB,
                "# a comment\n" STORAGE BOT "outputs:\n- type: identity\n  destination:\n"
                "    type: directory\n    path: /srv/db\n  name: db\nservices:\n" WEB);
    assert_int_equal(config_diff_count(&d, CONFIG_KEPT), 2);
    assert_int_equal(d.services[0].was, 0);
    assert_int_equal(d.services[1].was, 1);
    assert_int_equal(d.n_removed, 0);
    assert_false(d.has_new_times);
    assert_int_equal(d.restart.len, 0);
    config_diff_release(&d);
}

static void test_a_rich_file_is_the_same_as_itself(void **state)
{
    (void)state;
    struct config_diff d = compare(config_test_rich, config_test_rich);
    assert_int_equal(config_diff_count(&d, CONFIG_KEPT), 3);
    assert_int_equal(d.restart.len, 0);
    config_diff_release(&d);
}

static void test_services_are_known_by_their_names(void **state)
{
    (void)state;
    struct config_diff d =
        compare(BOT "services:\n" WEB DB,
                BOT "services:\n- {type: identity, name: new, destination: /srv/web}\n"
                    "- {type: identity, name: db, destination: /srv/elsewhere}\n");
    assert_int_equal(d.services[0].change, CONFIG_ADDED);
    assert_int_equal(d.services[1].change, CONFIG_CHANGED);
    assert_int_equal(d.services[1].was, 1);
    assert_int_equal(d.n_removed, 1);
    assert_int_equal(d.removed[0], 0);
    assert_keys(&d, &d.services[1].keys, "destination.path");
}

static void test_every_service_may_go(void **state)
{
    (void)state;
    struct config_diff d = compare(BOT "services:\n" WEB DB, BOT);
    assert_int_equal(d.n_services, 0);
    assert_int_equal(d.n_removed, 2);
    config_diff_release(&d);
}

static void test_each_key_of_a_service_that_differs_is_named(void **state)
{
    (void)state;
    static const char before[] = BOT "services:\n- {type: identity, destination: /a}\n";
    static const struct {
        const char *service, *keys;
    } cases[] = {
        {"{type: identity, destination: {type: memory}}", "destination"},
        {"{type: identity, destination: {type: directory, path: /a, acls: off}}",
         "destination.acls"},
        {"{type: identity, destination: {type: directory, path: /a, readers: [{user: x}]}}",
         "destination.readers"},
        {"{type: identity, destination: {type: kubernetes_secret, name: a}}", "destination"},
        {"{type: identity, destination: /a, roles: [x]}", "roles"},
        {"{type: identity, destination: /a, cluster: leaf}", "cluster"},
        {"{type: identity, destination: /a, ssh_config: off}", "ssh_config"},
        {"{type: identity, destination: /a, allow_reissue: true}", "allow_reissue"},
        {"{type: identity, destination: /a, credential_ttl: 2h, renewal_interval: 20m}",
         "credential_ttl"},
        {"{type: identity, destination: /a, credential_ttl: 60m, renewal_interval: 7m}",
         "renewal_interval"},
        {"{type: identity, destination: /a, ssh_config: off, cluster: leaf}", "cluster ssh_config"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char after[512];
        snprintf(after, sizeof(after), BOT "services:\n- %s\n", cases[i].service);
        assert_changed(before, after, cases[i].keys);
        assert_changed(after, before, cases[i].keys);
    }
}

static void test_each_key_of_a_secret_that_differs_is_named(void **state)
{
    (void)state;
#define SECRET "services:\n- {type: identity, destination: {type: kubernetes_secret, name: a, "
    static const struct {
        const char *after, *keys;
    } cases[] = {
        {BOT SECRET "labels: {x: z, y: b}}}\n", "destination.labels"},
        {BOT SECRET "labels: {x: a}}}\n", "destination.labels"},
        {BOT SECRET "labels: {x: a, y: b}, namespace: n}}\n", "destination.namespace"},
        {BOT SECRET "labels: {x: a, y: b}, service_account_dir: /d}}\n",
         "destination.service_account_dir"},
    };
    static const char before[] = BOT SECRET "labels: {x: a, y: b}}}\n";
    struct config_diff same = compare(before, before);
    assert_int_equal(config_diff_count(&same, CONFIG_KEPT), 1);
    config_diff_release(&same);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_changed(before, cases[i].after, cases[i].keys);
#undef SECRET
}

static void test_times_of_the_bot_change_the_services_that_have_none(void **state)
{
    (void)state;
    static const char own[] = "- {type: identity, name: own, destination: /b, credential_ttl: 1h,\n"
                              "   renewal_interval: 20m}\n";
    char before[1024], after[1024];
    snprintf(before, sizeof(before), BOT "services:\n" WEB "%s", own);
    snprintf(after, sizeof(after),
             BOT "credential_ttl: 2h\nrenewal_interval: 30m\nservices:\n" WEB "%s", own);
    struct config_diff d = compare(before, after);
    assert_int_equal(d.restart.len, 0);
    assert_true(d.has_new_times);
    assert_int_equal(d.services[1].change, CONFIG_KEPT);
    assert_int_equal(d.services[0].change, CONFIG_CHANGED);
    assert_keys(&d, &d.services[0].keys, "credential_ttl renewal_interval");
}

static void test_what_is_inherited_may_as_well_be_written(void **state)
{
    (void)state;
    struct config_diff d =
        compare(BOT "services:\n" WEB,
                BOT "services:\n- {type: identity, name: web, destination: /srv/web, "
                    "credential_ttl: 60m, renewal_interval: 20m}\n");
    assert_int_equal(d.services[0].change, CONFIG_KEPT);
    config_diff_release(&d);
}

static void test_all_else_needs_a_restart_and_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *more, *keys;
    } cases[] = {
        {"storage: /elsewhere\n", "storage.path"},
        {"storage: {type: memory}\n", "storage"},
        {"storage: {type: directory, path: /var/lib/teleport/bot, symlinks: insecure}\n",
         "storage.symlinks"},
        {"startup: wait\n", "startup"},
        {"startup_timeout: 7m\n", "startup_timeout"},
        {"give_up_after: 7h\n", "give_up_after"},
        {"on_open_renewal: retry\n", "on_open_renewal"},
        {"insecure: true\n", "insecure"},
        {"debug: true\n", "debug"},
        {"diag_addr: 127.0.0.1:3001\n", "diag_addr"},
        {"diag_socket: off\n", "diag_socket"},
        {"diag: {livez_stall: 7s, enable_shutdown: true}\n",
         "diag.enable_shutdown diag.livez_stall"},
        {"diag_addr: https://127.0.0.1:1\ndiag: {tls: {allow: [x]}}\n", "diag_addr diag.tls.allow"},
        {"metrics: {prefix: x}\n", "metrics.prefix"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char other[512];
        snprintf(other, sizeof(other), BOT "%s", cases[i].more);
        assert_restart(BOT, other, cases[i].keys);
        assert_restart(other, BOT, cases[i].keys);
    }
}

static void test_how_to_join_needs_a_restart(void **state)
{
    (void)state;
    static const char start[] = "version: v2\nauth_server: a:1\nonboarding: {join_method: token, ";
    char before[256], token[256], path[256];
    snprintf(before, sizeof(before), "%stoken: t}\n", start);
    snprintf(token, sizeof(token), "%stoken: other}\n", start);
    snprintf(path, sizeof(path), "%stoken: /a/file}\n", start);
    assert_restart(before, token, "onboarding.token");
    assert_restart(before, path, "onboarding.token");
    assert_restart(before,
                   "version: v2\nproxy_server: a:1\nonboarding: {join_method: token, token: t}\n",
                   "auth_server proxy_server");
}

/* A kind that cannot be compared makes every reload a change: whoever builds one sees it here. */
static void assert_can_compare(const struct config_section *section)
{
    for (; section; section = section->base) {
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            if (!key->is_kept)
                continue;
            assert_int_not_equal(key->kind, CONFIG_SECTIONS);
            if (key->kind == CONFIG_SECTION)
                assert_can_compare(key->section);
        }
    }
}

static void test_every_key_that_is_kept_can_be_compared(void **state)
{
    (void)state;
    assert_can_compare(&config_schema_top);
    for (size_t i = 0; i < config_schema_services.len; i++)
        assert_can_compare(config_schema_services.items[i].section);
    for (size_t i = 0; i < config_schema_destinations.len; i++)
        assert_can_compare(config_schema_destinations.items[i].section);
}

/* A service that is kept outlives the configuration that it came with. */
static void test_a_service_that_was_taken_outlives_its_config(void **state)
{
    (void)state;
    struct config *config = config_of_text("t", BOT "services:\n" WEB DB);
    struct config_service *web = NULL;
    assert_ok(config_take_service(config, 0, &web));
    assert_ptr_equal(config->services[0].destination.path, web->destination.path);
    config_free(config);
    assert_string_equal(web->name, "web");
    assert_string_equal(web->destination.path, "/srv/web");
    config_service_free(web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_is_kept_whatever_its_form),
        cmocka_unit_test(test_a_rich_file_is_the_same_as_itself),
        cmocka_unit_test(test_services_are_known_by_their_names),
        cmocka_unit_test(test_every_service_may_go),
        cmocka_unit_test(test_each_key_of_a_service_that_differs_is_named),
        cmocka_unit_test(test_each_key_of_a_secret_that_differs_is_named),
        cmocka_unit_test(test_times_of_the_bot_change_the_services_that_have_none),
        cmocka_unit_test(test_what_is_inherited_may_as_well_be_written),
        cmocka_unit_test(test_all_else_needs_a_restart_and_is_named),
        cmocka_unit_test(test_how_to_join_needs_a_restart),
        cmocka_unit_test(test_every_key_that_is_kept_can_be_compared),
        cmocka_unit_test(test_a_service_that_was_taken_outlives_its_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
