/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/tls_keys.h"

#include "tests/support/pki_fixture.h"
#include "tls_world.h"

#include <stdio.h>
#include <sys/stat.h>

/* The certificates and where they are. */
static struct identity first, second;
static char cert_path[128], key_path[128];
static const struct diag_tls_config files = {.cert = cert_path, .key = key_path};

static int make_identities(void **state)
{
    (void)state;
    first = tls_world_make("first", NULL, NULL);
    second = tls_world_make("second", NULL, NULL);
    return 0;
}

static int release_identities(void **state)
{
    (void)state;
    identity_release(&first);
    identity_release(&second);
    return 0;
}

static int set_up(void **state)
{
    world_setup(state);
    struct server_world *w = *state;
    snprintf(cert_path, sizeof(cert_path), "%s", temp_dir_join(&w->dir, "tls.crt"));
    snprintf(key_path, sizeof(key_path), "%s", temp_dir_join(&w->dir, "tls.key"));
    tls_world_put_cert(w, "tls.crt", &first);
    tls_world_put_key(w, "tls.key", &first);
    return 0;
}

static void listen_with(struct server_world *w, const struct diag_tls_config *tls)
{
    w->tls = tls;
    world_listen(w, "https://127.0.0.1:0");
}

static void second_passes(struct server_world *w)
{
    fake_clock_advance(&w->time, dur_s(1));
    world_settle(w);
}

static void test_files_are_shown_and_read_again(void **state)
{
    struct server_world *w = *state;
    listen_with(w, &files);
    assert_string_equal(tls_client_sees(w), "first");
    tls_world_put_cert(w, "tls.crt", &second);
    tls_world_put_key(w, "tls.key", &second);
    assert_string_equal(tls_client_sees(w), "first"); /* not looked at before a second has passed */
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "second");
}

static void test_broken_change_keeps_what_was_there(void **state)
{
    struct server_world *w = *state;
    listen_with(w, &files);
    assert_string_equal(tls_client_sees(w), "first");
    tls_world_put_cert(w, "tls.crt", &second); /* with the key of the first */
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "first");
    temp_dir_write(&w->dir, "tls.key", "nonsense");
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "first");
    temp_dir_delete(&w->dir, "tls.key");
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "first");
    tls_world_put_key(w, "tls.key", &second);
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "second");
}

static void test_files_that_come_later_are_waited_for(void **state)
{
    struct server_world *w = *state;
    temp_dir_delete(&w->dir, "tls.key");
    listen_with(w, &files);
    assert_string_equal(tls_client_sees(w), "");
    assert_int_equal(tls_world_count(w, "no_certificate"), 1);
    tls_world_put_key(w, "tls.key", &first);
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "first");
}

/* As a secret manager swaps them. */
static void test_links_are_followed_and_their_change_is_seen(void **state)
{
    struct server_world *w = *state;
    char real[160];
    listen_with(w, &files);
    for (int i = 0; i < 2; i++) {
        const char *const names[] = {"tls.crt", "tls.key"};
        snprintf(real, sizeof(real), "%s.real", i ? key_path : cert_path);
        temp_dir_delete(&w->dir, names[i]);
        assert_int_equal(symlink(real, i ? key_path : cert_path), 0);
    }
    tls_world_put_cert(w, "tls.crt.real", &second);
    tls_world_put_key(w, "tls.key.real", &second);
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "second");
}

static void assert_refused(struct server_world *w, const struct diag_tls_config *tls,
                           const char *part)
{
    struct diag_tls_keys *k = NULL;
    (void)w;
    assert_fails(diag_tls_keys_new(tls, NULL, &k), ERR_CONFIG, part);
}

static void test_settings_that_cannot_be_used_are_refused(void **state)
{
    struct server_world *w = *state;
    char *empty[] = {(char[]){"a"}, (char[]){""}};
    struct strlist names = {.items = empty, .len = 2};
    assert_refused(w, &(struct diag_tls_config){.cert = cert_path}, "without the key");
    assert_refused(w, &(struct diag_tls_config){.key = key_path}, "without the certificate");
    assert_refused(w, &(struct diag_tls_config){.client_ca = cert_path}, "no name is allowed");
    assert_refused(w, &(struct diag_tls_config){.client_ca = cert_path, .allow = &names},
                   "'allow' is empty");
    names.len = 1;
    temp_dir_write(&w->dir, "tls.ca", "nonsense");
    assert_refused(
        w,
        &(struct diag_tls_config){.client_ca = temp_dir_join(&w->dir, "tls.ca"), .allow = &names},
        "tls.ca");
    temp_dir_write(&w->dir, "tls.crt", "nonsense");
    assert_refused(w, &files, "tls.crt");
}

static void test_a_pipe_does_not_stop_the_loop(void **state)
{
    struct server_world *w = *state;
    listen_with(w, &files);
    temp_dir_delete(&w->dir, "tls.key");
    assert_int_equal(mkfifo(key_path, 0600), 0);
    second_passes(w);
    assert_string_equal(tls_client_sees(w), "first");
    assert_refused(w, &files, "not a regular file");
}

static void test_own_identity_is_shown_as_it_rotates(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    CLEANUP(credentials_freep)
    struct credentials *old = fixture_credentials(&(struct fixture){.user = "bot-old"});
    CLEANUP(credentials_freep)
    struct credentials *new = fixture_credentials(&(struct fixture){.user = "bot-new"});
    listen_with(w, NULL);
    assert_string_equal(tls_client_sees(w), "");
    assert_int_equal(tls_world_count(w, "no_certificate"), 1);
    diag_server_use(w->server, old);
    assert_string_equal(tls_client_sees(w), "bot-old");

    struct tls_client before = tls_client_open(w);
    struct tls_client under_way = tls_client_open(w);
    assert_true(tls_client_shake(w, &before, NULL));
    tls_client_begin(w, &under_way, 100);
    diag_server_use(w->server, new);
    assert_string_equal(tls_client_sees(w), "bot-new");
    tls_client_send(w, &before, GET("/livez")); /* a connection goes on */
    tls_client_read(w, &before, reply);
    assert_non_null(strstr(reply, "HTTP/1.1 200 "));
    assert_true(tls_client_shake(w, &under_way, NULL)); /* and so does a handshake */
    tls_client_close(&before);
    tls_client_close(&under_way);
}

static void test_own_identity_does_not_take_the_place_of_files(void **state)
{
    struct server_world *w = *state;
    CLEANUP(credentials_freep)
    struct credentials *own = fixture_credentials(&(struct fixture){.user = "bot-own"});
    temp_dir_delete(&w->dir, "tls.crt");
    listen_with(w, &files);
    diag_server_use(w->server, own);
    assert_string_equal(tls_client_sees(w), "");
}

static void test_without_https_nothing_is_read(void **state)
{
    struct server_world *w = *state;
    CLEANUP(credentials_freep)
    struct credentials *own = fixture_credentials(&(struct fixture){.user = "bot-own"});
    temp_dir_write(&w->dir, "tls.crt", "nonsense");
    w->tls = &files;
    world_listen(w, "127.0.0.1:0");
    diag_server_use(w->server, own);
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_files_are_shown_and_read_again),
        WORLD_TEST(test_broken_change_keeps_what_was_there),
        WORLD_TEST(test_files_that_come_later_are_waited_for),
        WORLD_TEST(test_links_are_followed_and_their_change_is_seen),
        WORLD_TEST(test_settings_that_cannot_be_used_are_refused),
        WORLD_TEST(test_a_pipe_does_not_stop_the_loop),
        WORLD_TEST(test_own_identity_is_shown_as_it_rotates),
        WORLD_TEST(test_own_identity_does_not_take_the_place_of_files),
        WORLD_TEST(test_without_https_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, make_identities, release_identities);
}
