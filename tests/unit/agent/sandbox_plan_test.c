/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_plan.h"

#include "agent/config_credential.h"
#include "agent/kube_token.h"
#include "tests/support/assert_err.h"
#include "tests/support/config_text.h"

#include <limits.h>
#include <stdio.h>

#define HEAD                                                                                       \
    "version: v2\nauth_server: a:1\n"                                                              \
    "onboarding: {join_method: token, token: t}\n"
#define STORAGE "storage: {type: directory, path: /st/bot}\n"
#define OUTPUT(path_) "- type: identity\n  destination: {type: directory, path: " path_ "}\n"

static char *get_nothing(const char *name)
{
    (void)name;
    return NULL;
}

static char *get_credentials(const char *name)
{
    static char dir[] = "/run/credentials/tbot";
    return strcmp(name, "CREDENTIALS_DIRECTORY") == 0 ? dir : NULL;
}

static const struct sandbox_outside outside = {.get = get_nothing,
                                               .program = "/opt/tbot/bin/tbot",
                                               .roots_file = "/opt/ssl/cert.pem",
                                               .roots_dirs = "/opt/ssl/certs:/opt/more"};

static void make(struct sandbox_plan *plan, const char *file, const char *text)
{
    CLEANUP(config_freep) struct config *c = config_of_text(file, text);
    assert_ok(sandbox_plan_make(plan, c, &outside));
}

/* "rw", "r", "l" (listens), "" for what is not in the plan. */
static const char *rights(const struct sandbox_plan *plan, enum sandbox_kind kind, const char *path)
{
    static char text[4];
    unsigned all = 0;
    for (size_t i = 0; i < plan->len; i++)
        if (plan->items[i].kind == kind && strcmp(plan->items[i].path, path) == 0)
            all |= plan->items[i].rights;
    snprintf(text, sizeof(text), "%s%s%s", all & LANDLOCK_READ ? "r" : "",
             all & LANDLOCK_WRITE ? "w" : "", all & LANDLOCK_LISTEN ? "l" : "");
    return text;
}

static void test_only_storage_and_destinations_are_written(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    make(&p, "/cfg/tbot.yaml", HEAD STORAGE "outputs:\n" OUTPUT("/srv/a") OUTPUT("/srv//b/./c/"));
    assert_string_equal(rights(&p, SANDBOX_PLACE, "/st/bot"), "rw");
    assert_string_equal(rights(&p, SANDBOX_PLACE, "/srv/a"), "rw");
    assert_string_equal(rights(&p, SANDBOX_PLACE, "/srv/b/c"), "rw");
    for (size_t i = 0; i < p.len; i++)
        assert_true(p.items[i].kind == SANDBOX_PLACE || !(p.items[i].rights & LANDLOCK_WRITE));
    assert_false(p.moves);
}

static void test_nothing_is_all_of_the_machine(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    make(&p, "/tbot.yaml",
         "version: v2\nauth_server: a:1\ndiag_socket: /tbot.sock\n"
         "onboarding: {join_method: token, token: /token, ca_path: /ca.pem}\n" STORAGE);
    for (size_t i = 0; i < p.len; i++) {
        assert_string_not_equal(p.items[i].path, "/");
        assert_string_not_equal(p.items[i].path, "/usr");
        assert_string_not_equal(p.items[i].path, "/proc");
    }
    assert_string_equal(rights(&p, SANDBOX_FILE, "/token"), "r");
}

static void test_memory_needs_no_place(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    make(&p, "/cfg/tbot.yaml",
         HEAD
         "storage: {type: memory}\noutputs:\n- type: identity\n  destination: {type: memory}\n");
    for (size_t i = 0; i < p.len; i++)
        assert_int_not_equal(p.items[i].kind, SANDBOX_PLACE);
}

static void test_files_are_read_with_their_directories(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    make(&p, "/cfg/tbot.yaml",
         "version: v2\nauth_server: a:1\ndiag_addr: https://127.0.0.1:1\n"
         "diag: {tls: {cert: /keys/c.pem, key: /keys/k.pem, client_ca: /cas/c.pem, allow: [x]}, "
         "tokens: "
         "/tok/t}\n"
         "onboarding: {join_method: token, token: /run/join/token, ca_path: "
         "/join/ca.pem}\n" STORAGE);
    static const char *const files[][2] = {
        {"/cfg/tbot.yaml", "/cfg"}, {"/run/join/token", "/run/join"},  {"/join/ca.pem", "/join"},
        {"/keys/c.pem", "/keys"},   {"/keys/k.pem", "/keys"},          {"/cas/c.pem", "/cas"},
        {"/tok/t", "/tok"},         {"/opt/ssl/cert.pem", "/opt/ssl"}, {"/etc/resolv.conf", "/etc"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        assert_string_equal(rights(&p, SANDBOX_FILE, files[i][0]), "r");
        assert_string_equal(rights(&p, SANDBOX_AS_IS, files[i][1]), "r");
    }
    assert_string_equal(rights(&p, SANDBOX_AS_IS, "/opt/ssl/certs"), "r");
    assert_string_equal(rights(&p, SANDBOX_AS_IS, "/opt/more"), "r");
    assert_string_equal(rights(&p, SANDBOX_AS_IS, "/proc/self"), "r");
}

static void test_relative_paths_are_of_here(void **state)
{
    (void)state;
    char here[PATH_MAX], path[PATH_MAX + 32];
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    assert_non_null(getcwd(here, sizeof(here)));
    make(&p, "conf/tbot.yaml", HEAD "storage: {type: directory, path: ./bot}\n");
    snprintf(path, sizeof(path), "%s/bot", here);
    assert_string_equal(rights(&p, SANDBOX_PLACE, path), "rw");
    snprintf(path, sizeof(path), "%s/conf", here);
    assert_string_equal(rights(&p, SANDBOX_AS_IS, path), "r");
}

static void test_sockets_are_made_in_their_directories(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan in_storage = {0}, named = {0}, none = {0};
    make(&in_storage, "/cfg/t", HEAD STORAGE);
    assert_string_equal(rights(&in_storage, SANDBOX_AS_IS, "/st/bot"), "l");
    make(&named, "/cfg/t",
         HEAD STORAGE "diag_socket: /run/one/d.sock\ndiag_addr: unix:/run/two/e.sock\n");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, "/run/one"), "l");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, "/run/two"), "l");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, "/st/bot"), "");
    make(&none, "/cfg/t", HEAD STORAGE "diag_socket: off\n");
    for (size_t i = 0; i < none.len; i++)
        assert_int_equal(none.items[i].rights & LANDLOCK_LISTEN, 0);
}

static void test_the_program_is_read_for_profiles_only(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan without = {0}, with = {0};
    make(&without, "/cfg/t", HEAD STORAGE);
    assert_string_equal(rights(&without, SANDBOX_AS_IS, outside.program), "");
    make(&with, "/cfg/t", HEAD STORAGE "debug: true\n");
    assert_string_equal(rights(&with, SANDBOX_AS_IS, outside.program), "r");
}

static void test_the_token_is_read_where_the_manager_puts_it(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    CLEANUP(config_freep)
    struct config *c =
        config_of_text("/cfg/t", "version: v2\nauth_server: a:1\n"
                                 "onboarding: {join_method: token, token: /priv/t}\n" STORAGE);
    assert_ok(config_credential_find(c, get_credentials));
    assert_ok(sandbox_plan_make(&p, c, &outside));
    assert_string_equal(rights(&p, SANDBOX_AS_IS, "/run/credentials/tbot"), "r");
}

static void test_the_service_account_is_read_to_join_with_it(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan usual = {0}, named = {0}, other = {0};
    make(&usual, "/cfg/t",
         "version: v2\nproxy_server: a:1\n"
         "onboarding: {join_method: kubernetes, token: t}\n" STORAGE);
    assert_string_equal(rights(&usual, SANDBOX_AS_IS, KUBE_TOKEN_DIR), "r");
    make(&named, "/cfg/t",
         "version: v2\nproxy_server: a:1\n"
         "onboarding: {join_method: kubernetes, token: t, kubernetes: {token_path: "
         "/sa/t}}\n" STORAGE);
    assert_string_equal(rights(&named, SANDBOX_AS_IS, "/sa"), "r");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, KUBE_TOKEN_DIR), "");
    make(&other, "/cfg/t", HEAD STORAGE);
    assert_string_equal(rights(&other, SANDBOX_AS_IS, KUBE_TOKEN_DIR), "");
}

static void test_the_service_account_is_read_to_write_a_secret(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan usual = {0}, named = {0};
    make(&usual, "/cfg/t",
         HEAD STORAGE
         "services:\n- {type: identity, destination: {type: kubernetes_secret, name: a}}\n");
    assert_string_equal(rights(&usual, SANDBOX_AS_IS, KUBE_TOKEN_DIR), "r");
    make(&named, "/cfg/t",
         HEAD STORAGE
         "services:\n- {type: identity, destination: {type: kubernetes_secret, name: a, "
         "service_account_dir: /sa}}\n");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, "/sa"), "r");
    assert_string_equal(rights(&named, SANDBOX_AS_IS, KUBE_TOKEN_DIR), "");
}

static void test_room_is_left_for_services_to_come(void **state)
{
    (void)state;
    CLEANUP(strlist_release) struct strlist more = {0};
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0}, next = {0};
    CLEANUP(config_freep) struct config *c = config_of_text("/cfg/t", HEAD STORAGE);
    struct sandbox_outside with = outside;
    const char *path = NULL;
    assert_ok(strlist_add(&more, "/more"));
    with.more = &more;
    assert_ok(sandbox_plan_make(&p, c, &with));
    assert_string_equal(rights(&p, SANDBOX_AS_IS, "/more"), "rw");
    make(&next, "/cfg/t", HEAD STORAGE "outputs:\n" OUTPUT("/more/one"));
    assert_true(sandbox_covers(&p, &next, &path));
}

static void test_generations_move_files(void **state)
{
    (void)state;
    CLEANUP(sandbox_plan_release) struct sandbox_plan p = {0};
    make(&p, "/cfg/t",
         HEAD STORAGE "outputs:\n- type: identity\n"
                      "  destination: {type: directory, path: /o, atomic: symlink}\n");
    assert_true(p.moves);
}

/* NULL: it covers. */
static const char *outside_of(const char *entered, const char *next)
{
    static char text[PATH_MAX];
    CLEANUP(sandbox_plan_release) struct sandbox_plan is = {0}, would = {0};
    const char *path = NULL;
    make(&is, "/cfg/t", entered);
    make(&would, "/cfg/t", next);
    if (sandbox_covers(&is, &would, &path))
        return NULL;
    snprintf(text, sizeof(text), "%s", path);
    return text;
}

#define RUNNING HEAD STORAGE "outputs:\n" OUTPUT("/srv/a") OUTPUT("/srv/b")

static void test_less_or_the_same_is_covered(void **state)
{
    (void)state;
    assert_null(outside_of(RUNNING, RUNNING));
    assert_null(outside_of(RUNNING, HEAD STORAGE "outputs:\n" OUTPUT("/srv/b")));
    assert_null(
        outside_of(RUNNING, HEAD STORAGE "outputs:\n" OUTPUT("/srv/a/below") OUTPUT("/st/bot/x")));
}

static void test_more_is_not_and_is_named(void **state)
{
    (void)state;
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/srv/c")), "/srv/c");
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/srv/ab")), "/srv/ab");
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/srv")), "/srv");
    /* What is only read is not written. */
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/etc/keys")), "/etc/keys");
    assert_string_equal(outside_of(RUNNING, RUNNING "debug: true\n"), outside.program);
}

static void test_dots_lead_nowhere(void **state)
{
    (void)state;
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/srv/a/../c")), "/srv/a/../c");
    assert_string_equal(outside_of(RUNNING, RUNNING OUTPUT("/srv/a/..")), "/srv/a/..");
    assert_null(outside_of(RUNNING, RUNNING OUTPUT("/srv/a/..b")));
    assert_null(outside_of(RUNNING OUTPUT("/srv/x/../c"), RUNNING OUTPUT("/srv/x/../c/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_storage_and_destinations_are_written),
        cmocka_unit_test(test_nothing_is_all_of_the_machine),
        cmocka_unit_test(test_memory_needs_no_place),
        cmocka_unit_test(test_files_are_read_with_their_directories),
        cmocka_unit_test(test_relative_paths_are_of_here),
        cmocka_unit_test(test_sockets_are_made_in_their_directories),
        cmocka_unit_test(test_the_program_is_read_for_profiles_only),
        cmocka_unit_test(test_the_token_is_read_where_the_manager_puts_it),
        cmocka_unit_test(test_the_service_account_is_read_to_join_with_it),
        cmocka_unit_test(test_the_service_account_is_read_to_write_a_secret),
        cmocka_unit_test(test_room_is_left_for_services_to_come),
        cmocka_unit_test(test_generations_move_files),
        cmocka_unit_test(test_less_or_the_same_is_covered),
        cmocka_unit_test(test_more_is_not_and_is_named),
        cmocka_unit_test(test_dots_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
