/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ca.h"

#include "tests/support/assert_err.h"

#include <openssl/x509.h>

#define NOW wall_of_unix(1790000000)

static void generate(enum ca_kind kind, struct ca_keys *out)
{
    assert_ok(ca_keys_generate(kind, SUITE_BALANCED_V1, "example", NOW, out));
}

static void trusted(const struct ca *ca, struct strlist *tls, struct strlist *ssh)
{
    assert_ok(ca_trusted_tls(ca, tls));
    assert_ok(ca_trusted_ssh(ca, ssh));
}

static void test_generate_follows_the_suite(void **state)
{
    (void)state;
    CLEANUP(ca_keys_release) struct ca_keys host = {0};
    CLEANUP(ca_keys_release) struct ca_keys spiffe = {0};
    CLEANUP(ca_keys_release) struct ca_keys legacy = {0};
    CLEANUP(ca_keys_release) struct ca_keys db = {0};
    generate(CA_HOST, &host);
    generate(CA_SPIFFE, &spiffe);
    generate(CA_DB, &db);
    assert_ok(ca_keys_generate(CA_USER, SUITE_LEGACY, "example", NOW, &legacy));
    assert_int_equal(key_get_kind(host.tls), KEY_ECDSA_P256);
    assert_int_equal(key_get_kind(host.ssh), KEY_ED25519);
    assert_null(spiffe.ssh);
    assert_int_equal(key_get_kind(db.tls), KEY_RSA_2048);
    assert_int_equal(key_get_kind(legacy.tls), KEY_RSA_2048);
    assert_int_equal(key_get_kind(legacy.ssh), KEY_RSA_2048);
    assert_false(key_equals(legacy.tls, legacy.ssh));
}

static void test_rotation_trusts_old_and_new_until_standby(void **state)
{
    (void)state;
    CLEANUP(ca_release) struct ca ca = {.kind = CA_HOST};
    CLEANUP(ca_keys_release) struct ca_keys fresh = {0};
    generate(CA_HOST, &ca.active);
    generate(CA_HOST, &fresh);
    const struct key *old = ca.active.tls, *new = fresh.tls;
    assert_ok(ca_rotate(&ca, CA_INIT, &fresh));
    assert_null(fresh.tls);
    assert_ptr_equal(ca.active.tls, old);
    assert_ptr_equal(ca.additional.tls, new);
    assert_ok(ca_rotate(&ca, CA_UPDATE_CLIENTS, NULL));
    assert_ptr_equal(ca.active.tls, new);
    assert_ok(ca_rotate(&ca, CA_UPDATE_SERVERS, NULL));
    CLEANUP(strlist_release) struct strlist tls = {0};
    CLEANUP(strlist_release) struct strlist ssh = {0};
    trusted(&ca, &tls, &ssh);
    assert_int_equal(tls.len, 2);
    assert_int_equal(ssh.len, 2);
    assert_ok(ca_rotate(&ca, CA_STANDBY, NULL));
    assert_ptr_equal(ca.active.tls, new);
    assert_null(ca.additional.tls);
}

static void test_rollback_returns_to_the_old_keys(void **state)
{
    (void)state;
    const enum ca_phase from[] = {CA_INIT, CA_UPDATE_CLIENTS, CA_UPDATE_SERVERS};
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(ca_release) struct ca ca = {.kind = CA_SPIFFE};
        CLEANUP(ca_keys_release) struct ca_keys fresh = {0};
        generate(CA_SPIFFE, &ca.active);
        generate(CA_SPIFFE, &fresh);
        const struct key *old = ca.active.tls;
        for (size_t step = 0; step <= i; step++)
            assert_ok(ca_rotate(&ca, from[step], &fresh));
        assert_ok(ca_rotate(&ca, CA_ROLLBACK, NULL));
        assert_ptr_equal(ca.active.tls, old);
        assert_non_null(ca.additional.tls);
        assert_ok(ca_rotate(&ca, CA_STANDBY, NULL));
        assert_ptr_equal(ca.active.tls, old);
    }
}

static void test_rotation_step_that_does_not_exist_changes_nothing(void **state)
{
    (void)state;
    CLEANUP(ca_release) struct ca ca = {.kind = CA_SPIFFE};
    const enum ca_phase wrong[] = {CA_STANDBY, CA_UPDATE_CLIENTS, CA_UPDATE_SERVERS, CA_ROLLBACK};
    generate(CA_SPIFFE, &ca.active);
    const struct key *old = ca.active.tls;
    for (size_t i = 0; i < 4; i++)
        assert_fails(ca_rotate(&ca, wrong[i], NULL), ERR_REJECTED, "from 'standby'");
    assert_int_equal(ca.phase, CA_STANDBY);
    assert_ptr_equal(ca.active.tls, old);
}

static void test_names_parse_back(void **state)
{
    (void)state;
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        enum ca_kind kind;
        assert_true(ca_kind_parse(ca_kind_name((enum ca_kind)i), &kind));
        assert_int_equal((int)kind, i);
    }
    for (int i = CA_STANDBY; i <= CA_ROLLBACK; i++) {
        enum ca_phase phase;
        assert_true(ca_phase_parse(ca_phase_name((enum ca_phase)i), &phase));
        assert_int_equal((int)phase, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generate_follows_the_suite),
        cmocka_unit_test(test_rotation_trusts_old_and_new_until_standby),
        cmocka_unit_test(test_rollback_returns_to_the_old_keys),
        cmocka_unit_test(test_rotation_step_that_does_not_exist_changes_nothing),
        cmocka_unit_test(test_names_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
