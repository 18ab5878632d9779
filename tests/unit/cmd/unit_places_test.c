/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_places.h"

#include "tests/support/assert_err.h"
#include "tests/support/config_text.h"

#include <stdio.h>

/* A whole configuration with these lines in it. */
static struct config *parse(const char *lines)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "version: v2\nproxy_server: p.example.com:443\n"
             "onboarding: {join_method: token, token: /etc/tbot.token}\n%s",
             lines);
    return config_of_text("test", text);
}

static char *find(const char *lines)
{
    CLEANUP(config_freep) struct config *config = parse(lines);
    CLEANUP(unit_places_release) struct unit_places p = {0};
    assert_ok(unit_places_find(config, &p));
    CLEANUP(freep) char *writable = strlist_join(&p.writable, ", ");
    char *text = NULL;
    assert_true(asprintf(&text, "state %s; runtime %s; writable %s; socket %s; home %d",
                         p.state ? p.state : "-", p.runtime ? p.runtime : "-", writable,
                         p.socket ? p.socket : "-", p.sees_home) > 0);
    return text;
}

static const struct {
    const char *lines, *expected;
} cases[] = {
    {"", "state teleport/bot; runtime -; writable none; socket /var/lib/teleport/bot/diag.sock; "
         "home 0"},
    {"storage: {type: directory, path: /var/lib/tbot/}\n",
     "state tbot; runtime -; writable none; socket /var/lib/tbot//diag.sock; home 0"},
    /* StateDirectory= has a syntax of its own for these */
    {"storage: {type: directory, path: '/var/lib/a:b'}\n",
     "state -; runtime -; writable /var/lib/a:b; socket /var/lib/a:b/diag.sock; home 0"},
    {"storage: {type: directory, path: '/var/lib/a b'}\n",
     "state -; runtime -; writable /var/lib/a b; socket /var/lib/a b/diag.sock; home 0"},
    {"storage: {type: directory, path: '/var/lib/%i'}\n",
     "state -; runtime -; writable /var/lib/%i; socket /var/lib/%i/diag.sock; home 0"},
    {"storage: {type: directory, path: /data/bot}\n",
     "state -; runtime -; writable /data/bot; socket /data/bot/diag.sock; home 0"},
    {"storage: {type: memory}\n",
     "state -; runtime tbot; writable none; socket /run/tbot/diag.sock; home 0"},
    {"diag_socket: off\n", "state teleport/bot; runtime -; writable none; socket -; home 0"},
    {"diag_socket: /run/tbot/web/diag.sock\n",
     "state teleport/bot; runtime tbot/web; writable none; socket /run/tbot/web/diag.sock; home 0"},
    {"diag_socket: /srv/web.sock\n",
     "state teleport/bot; runtime -; writable /srv; socket /srv/web.sock; home 0"},
    /* No directory of its own: what is in /run belongs to the system. */
    {"diag_socket: /run/web.sock\n",
     "state teleport/bot; runtime -; writable /run; socket /run/web.sock; home 0"},
    {"diag_addr: unix:/run/tbot/x.sock\n",
     "state teleport/bot; runtime tbot; writable none; socket /var/lib/teleport/bot/diag.sock; "
     "home 0"},
    {"outputs:\n"
     "- {type: identity, destination: /srv/a}\n"
     "- {type: identity, destination: /srv/a/b}\n"
     "- {type: identity, destination: /srv/ab}\n"
     "- {type: identity, destination: /var/lib/teleport/bot/out}\n"
     "- {type: identity, name: m, destination: {type: memory, cache: yes}}\n",
     "state teleport/bot; runtime -; writable /srv/a, /srv/ab; "
     "socket /var/lib/teleport/bot/diag.sock; home 0"},
    {"outputs: [{type: identity, destination: /home/jenkins/tbot}]\n",
     "state teleport/bot; runtime -; writable /home/jenkins/tbot; "
     "socket /var/lib/teleport/bot/diag.sock; home 1"},
    {"outputs: [{type: identity, destination: /.//home/jenkins/tbot}]\n",
     "state teleport/bot; runtime -; writable /.//home/jenkins/tbot; "
     "socket /var/lib/teleport/bot/diag.sock; home 1"},
    {"outputs: [{type: identity, destination: {type: memory}, reload: {pid_file: /home/a/pid}}]\n",
     "state teleport/bot; runtime -; writable none; socket /var/lib/teleport/bot/diag.sock; home "
     "1"},
    {"outputs: [{type: identity, destination: /homes/tbot}]\n",
     "state teleport/bot; runtime -; writable /homes/tbot; "
     "socket /var/lib/teleport/bot/diag.sock; home 0"},
};

static void test_places_of_a_configuration(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(freep) char *found = find(cases[i].lines);
        assert_string_equal(found, cases[i].expected);
    }
}

static void test_what_cannot_work_in_a_unit_is_refused(void **state)
{
    static const struct {
        const char *path, *message;
    } wrong[] = {
        {"relative/out", "service 'identity-1': the destination 'relative/out' is not an absolute"},
        {"/srv/../etc", "the destination '/srv/../etc' is not an absolute path without '..'"},
        {"/srv/..", "without '..'"},
        {"/tmp/out", "the destination '/tmp/out' is in /tmp, of which the unit has its own"},
        {"/var/tmp", "is in /tmp, of which"},
        {"//tmp/out", "is in /tmp, of which"},
        {"/./var//tmp/./out", "is in /tmp, of which"},
        {"//", "the destination is the root directory"},
        {"/./", "the destination is the root directory"},
        {"/srv/a}, reload: {command: [/tmp/run]", "the command '/tmp/run' is in /tmp"},
        {"/srv/a}, reload: {pid_file: /tmp/x.pid", "'pid_file' '/tmp/x.pid' is in /tmp"},
        {"\"/srv/a\\nUser=root\"", "the destination holds the control character 0x0a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char lines[256];
        snprintf(lines, sizeof(lines),
                 "outputs: [{type: identity, destination: {type: directory, path: %s}}]\n",
                 wrong[i].path);
        CLEANUP(config_freep) struct config *config = parse(lines);
        CLEANUP(unit_places_release) struct unit_places p = {0};
        assert_fails(unit_places_find(config, &p), ERR_CONFIG, wrong[i].message);
    }
}

static void test_token_is_handed_over_unless_it_already_is(void **state)
{
    CLEANUP(config_freep) struct config *config = parse("");
    CLEANUP(unit_places_release) struct unit_places given = {0};
    CLEANUP(unit_places_release) struct unit_places made = {0};
    (void)state;
    assert_ok(unit_places_find(config, &given));
    assert_string_equal(given.token, "/etc/tbot.token");
    assert_ok(config_onboarding_set_token(
        &config->onboarding, bytes_of_str("/run/credentials/tbot.service/join-token")));
    assert_ok(unit_places_find(config, &made));
    assert_null(made.token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_of_a_configuration),
        cmocka_unit_test(test_what_cannot_work_in_a_unit_is_refused),
        cmocka_unit_test(test_token_is_handed_over_unless_it_already_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
