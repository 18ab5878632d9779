/* SPDX-License-Identifier: Apache-2.0 */
/* Who vouches for the server. */
#include "tests/unit/transport/walk_world.h"

static void test_foreign_certificate_is_not_trusted(void **state)
{
    struct walk_world *w = *state;
    w->server.ca = &w->foreign;
    const struct walk_seen *s =
        walk_world_expect_end(w, FAKE_CLUSTER, WALK_CERTIFICATE, "is not trusted");
    assert_int_equal(s->code, ERR_UNTRUSTED);
    walk_world_expect(w, WALK_TLS, WALK_OK, "as far as");
}

static void test_expired_certificate_is_told_apart(void **state)
{
    struct walk_world *w = *state;
    w->server.not_after = 1767300000;
    const struct walk_seen *s =
        walk_world_expect_end(w, FAKE_CLUSTER, WALK_CERTIFICATE, "expired at");
    assert_int_equal(s->code, ERR_EXPIRED);
    assert_non_null(strstr(s->hint, "clock"));
}

static void test_replaced_authority_is_vouched_for_by_a_pin(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->foreign);
    walk_world_give_pin(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    assert_true(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_WARNING, "is not trusted");
    walk_world_expect(w, WALK_CERTIFICATE, WALK_OK, "trusted through 'ca_pins'");
    walk_world_expect(w, WALK_PING, WALK_OK, "knows bot");
}

static void test_replaced_authority_without_its_pin_fails(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->foreign);
    walk_world_give_pin(w, &w->foreign);
    walk_world_begin(w, PATH_AUTH);
    assert_false(walk_world_walk(w));
    const struct walk_seen *s =
        walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none of the 1 pins");
    assert_non_null(strstr(s->hint, "ca_pins"));
    walk_world_expect_rest_not_tried(w, WALK_CERTIFICATE);
}

static void test_stranger_with_a_pin_trusts_the_authority(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_pin(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    assert_true(walk_world_walk(w));
    walk_world_expect_all_ok(w);
    walk_world_expect(w, WALK_CERTIFICATE, WALK_OK, "trusted through 'ca_pins'");
    walk_world_expect(w, WALK_PING, WALK_OK, "cluster 'example'");
    assert_int_equal(w->len, WALK_STEP_COUNT);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "");
}

static void test_wrong_pin_fails_the_certificate(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_pin(w, &w->foreign);
    walk_world_begin(w, PATH_AUTH);
    assert_false(walk_world_walk(w));
    const struct walk_seen *s =
        walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "matches none of the 1 pins");
    assert_non_null(strstr(s->hint, "tctl status"));
    walk_world_expect_rest_not_tried(w, WALK_CERTIFICATE);
}

static void test_pinned_authority_with_an_expired_server_fails(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_pin(w, &w->ca);
    w->server.not_after = 1767300000;
    walk_world_begin(w, PATH_AUTH);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "expired at");
}

static void test_ca_file_vouches_or_fails(void **state)
{
    struct walk_world *w = *state;
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    CLEANUP(freep) char *other = host_ca_pem(&w->foreign);
    char path[160];
    snprintf(path, sizeof(path), "%s/ca.pem", w->dir.path);
    w->config.ca_path = path;
    walk_world_begin(w, PATH_AUTH);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "ca.pem");
    temp_dir_write(&w->dir, "ca.pem", other);
    assert_false(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_FAILED, "is not trusted");
    temp_dir_write(&w->dir, "ca.pem", pem);
    assert_true(walk_world_walk(w));
    walk_world_expect(w, WALK_CERTIFICATE, WALK_OK, "'ca_path'");
}

static void test_stranger_whom_nobody_vouches_for_warns(void **state)
{
    struct walk_world *w = *state;
    walk_world_begin(w, PATH_AUTH);
    assert_true(walk_world_walk(w));
    const struct walk_seen *s =
        walk_world_expect(w, WALK_CERTIFICATE, WALK_WARNING, "nobody vouches");
    assert_non_null(strstr(s->hint, "ca_pins"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(test_foreign_certificate_is_not_trusted),
        WALK_TEST(test_expired_certificate_is_told_apart),
        WALK_TEST(test_replaced_authority_is_vouched_for_by_a_pin),
        WALK_TEST(test_replaced_authority_without_its_pin_fails),
        WALK_TEST(test_stranger_with_a_pin_trusts_the_authority),
        WALK_TEST(test_wrong_pin_fails_the_certificate),
        WALK_TEST(test_pinned_authority_with_an_expired_server_fails),
        WALK_TEST(test_ca_file_vouches_or_fails),
        WALK_TEST(test_stranger_whom_nobody_vouches_for_warns),
    };
    return fake_cluster_run_tests("transport/walk_trust", tests);
}
