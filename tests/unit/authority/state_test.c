/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/state.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>

#define NOW wall_of_unix(1790000000)

static struct state full; /* a state in which every member says something */

static int make_full(void **state)
{
    (void)state;
    char *names[] = {(char[]){"access"}, (char[]){"ad\"min"}};
    const struct strlist roles = {names, 2};
    struct bot *bot = NULL;
    int64_t generation = 0;
    assert_ok(state_generate("ex\"ample", SUITE_BALANCED_V1, NOW, &full));
    assert_ok(bots_add(&full.bots, "one", &roles, &bot));
    assert_ok(bot_join(bot, "i-1", &generation));
    assert_ok(bot_renew(bot, "i-1", 1, &generation));
    assert_ok(bot_join(bot, "i-2", &generation));
    assert_ok(bots_add(&full.bots, "two", &roles, &bot));
    bot->is_locked = true;
    assert_ok(tokens_add(&full.tokens, "waiting", "one"));
    assert_ok(tokens_add(&full.tokens, "gone", "one"));
    assert_ok(tokens_use(&full.tokens, "gone"));
    CLEANUP(ca_keys_release) struct ca_keys fresh = {0};
    assert_ok(ca_keys_generate(CA_USER, SUITE_BALANCED_V1, "ex\"ample", NOW, &fresh));
    assert_ok(ca_rotate(&full.cas[CA_USER], CA_INIT, &fresh));
    assert_ok(ca_rotate(&full.cas[CA_USER], CA_UPDATE_CLIENTS, NULL));
    return 0;
}

static int free_full(void **state)
{
    (void)state;
    state_release(&full);
    return 0;
}

static void assert_same_keys(const struct ca_keys *a, const struct ca_keys *b)
{
    assert_int_equal(!a->tls, !b->tls);
    if (!a->tls)
        return;
    assert_true(key_equals(a->tls, b->tls));
    assert_int_equal(X509_cmp(a->cert, b->cert), 0);
    assert_int_equal(!a->ssh, !b->ssh);
    assert_true(!a->ssh || key_equals(a->ssh, b->ssh));
}

static void assert_same_as_full(const struct state *s)
{
    bool is_used = false;
    const char *bot = NULL;
    assert_string_equal(s->cluster, full.cluster);
    assert_int_equal(s->suite, full.suite);
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        assert_int_equal(s->cas[i].phase, full.cas[i].phase);
        assert_same_keys(&s->cas[i].active, &full.cas[i].active);
        assert_same_keys(&s->cas[i].additional, &full.cas[i].additional);
    }
    assert_same_keys(&s->web, &full.web);
    assert_int_equal(s->bots.len, 2);
    const struct bot *one = bots_find(&s->bots, "one");
    assert_int_equal(one->n_instances, 2);
    assert_string_equal(one->instances[0].id, "i-1");
    assert_int_equal(one->instances[0].generation, 2);
    assert_int_equal(bot_generation(one), 1);
    assert_false(one->is_locked);
    assert_string_equal(one->roles.items[1], "ad\"min");
    assert_true(bots_find(&s->bots, "two")->is_locked);
    assert_ok(tokens_find(&s->tokens, "waiting", &bot));
    assert_string_equal(bot, "one");
    assert_ok(tokens_was_used(&s->tokens, "gone", &is_used));
    assert_true(is_used);
}

static void test_encode_decode_is_the_same(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *json = NULL;
    CLEANUP(state_release) struct state s = {0};
    assert_ok(state_encode(&full, &json));
    assert_ok(state_decode(secret_bytes(json), &s));
    assert_same_as_full(&s);
}

/* The document ends with a closing brace: no shorter one is whole. */
static void test_decode_cut_anywhere_is_refused(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *json = NULL;
    assert_ok(state_encode(&full, &json));
    const struct bytes all = secret_bytes(json);
    for (size_t len = 0; len < all.len; len += 1 + len % 7) {
        CLEANUP(state_release) struct state s = {0};
        assert_fails(state_decode((struct bytes){all.data, len}, &s), ERR_STORAGE, "");
        assert_null(s.cluster);
    }
}

/* Renames each member in turn: not one of them may be missing. */
static void test_decode_without_a_member_is_refused(void **state)
{
    (void)state;
    const char *const members[] = {
        "format",  "cluster",     "suite",   "authorities", "web",    "bots",
        "tokens",  "used_tokens", "kind",    "phase",       "active", "additional",
        "tls_key", "tls_cert",    "ssh_key", "name",        "roles",  "instances",
        "id",      "generation",  "value",   "bot"};
    CLEANUP(secret_freep) struct secret *json = NULL;
    assert_ok(state_encode(&full, &json));
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        CLEANUP(state_release) struct state s = {0};
        CLEANUP(freep) char *text = strdup(secret_str(json));
        char quoted[32];
        snprintf(quoted, sizeof(quoted), "\"%s\":", members[i]);
        char *at = strstr(text, quoted);
        assert_non_null(at);
        at[1] = '_';
        assert_fails(state_decode(bytes_of_str(text), &s), ERR_STORAGE, members[i]);
    }
}

static void test_file_round_trip_is_private_and_whole(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    const char *path = temp_dir_join(&dir, "state.json");
    CLEANUP(state_file_closep) struct state_file *file = NULL;
    CLEANUP(state_release) struct state s = {0};
    assert_ok(state_file_open(path, &file));
    assert_fails(state_file_load(file, &s), ERR_NOT_FOUND, "");
    assert_ok(state_file_save(file, &full));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(state_file_load(file, &s));
    assert_same_as_full(&s);
}

static void test_file_of_another_authority_is_left_alone(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    const char *path = temp_dir_join(&dir, "state.json");
    CLEANUP(state_file_closep) struct state_file *first = NULL;
    CLEANUP(state_file_closep) struct state_file *second = NULL;
    assert_ok(state_file_open(path, &first));
    assert_fails(state_file_open(path, &second), ERR_BUSY, "state.json");
    assert_null(second);
}

static void test_file_cut_short_is_an_error_and_stays(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    const char *path = temp_dir_join(&dir, "state.json");
    CLEANUP(state_file_closep) struct state_file *file = NULL;
    CLEANUP(state_release) struct state s = {0};
    temp_dir_write(&dir, "state.json", "{\"format\": 1, \"clus");
    assert_ok(state_file_open(path, &file));
    assert_fails(state_file_load(file, &s), ERR_STORAGE, "state.json");
    CLEANUP(freep) char *content = temp_dir_read(&dir, "state.json");
    assert_string_equal(content, "{\"format\": 1, \"clus");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_decode_is_the_same),
        cmocka_unit_test(test_decode_cut_anywhere_is_refused),
        cmocka_unit_test(test_decode_without_a_member_is_refused),
        cmocka_unit_test(test_file_round_trip_is_private_and_whole),
        cmocka_unit_test(test_file_of_another_authority_is_left_alone),
        cmocka_unit_test(test_file_cut_short_is_an_error_and_stays),
    };
    return cmocka_run_group_tests(tests, make_full, free_full);
}
