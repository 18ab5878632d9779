/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/credentials.h"

#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"

/* A good set of parts, to be spoilt one by one. */
struct parts {
    struct key *key;
    char *tls;
    char *ssh;
    struct strlist tls_cas;
    struct strlist ssh_cas;
};

static void parts_init(struct parts *p, enum key_kind kind)
{
    *p = (struct parts){.key = fixture_key(kind)};
    struct fixture f = {.key = p->key, .generation = 7};
    CLEANUP(freep) char *ca = fixture_ca_pem();
    CLEANUP(freep) char *ssh_ca = fixture_ssh_ca_line();
    p->tls = fixture_tls_pem(&f);
    p->ssh = fixture_ssh_line(&f);
    assert_ok(strlist_add(&p->tls_cas, ca));
    assert_ok(strlist_add(&p->ssh_cas, ssh_ca));
}

static void parts_release(struct parts *p)
{
    key_free(p->key);
    free(p->tls);
    free(p->ssh);
    strlist_release(&p->tls_cas);
    strlist_release(&p->ssh_cas);
}

static struct err *make(const struct parts *p, struct credentials **ret)
{
    struct credentials_parts parts = {
        .key = p->key,
        .tls_cert = bytes_of_str(p->tls),
        .ssh_cert = bytes_of_str(p->ssh),
        .tls_cas = &p->tls_cas,
        .ssh_cas = &p->ssh_cas,
    };
    return credentials_new(&parts, ret);
}

static void assert_refused(const struct parts *p, const char *why)
{
    struct credentials *c = NULL;
    assert_fails(make(p, &c), ERR_CRYPTO, why);
    assert_null(c);
}

static void test_new_of_every_kind_of_key_succeeds(void **state)
{
    (void)state;
    for (int kind = KEY_RSA_2048; kind <= KEY_ED25519; kind++) {
        CLEANUP(parts_release) struct parts p;
        parts_init(&p, (enum key_kind)kind);
        CLEANUP(credentials_freep) struct credentials *c = NULL;
        assert_ok(make(&p, &c));
        assert_true(credentials_key(c) == p.key);
        assert_string_equal(credentials_tls_pem(c), p.tls);
        assert_string_equal(credentials_ssh_line(c), p.ssh);
        assert_int_equal(sk_X509_num(credentials_roots(c)), 1);
        assert_string_equal(credentials_ssh_cas(c)->items[0], p.ssh_cas.items[0]);
    }
}

static void test_subject_reads_what_the_certificate_says(void **state)
{
    (void)state;
    static const char *const attributes[] = {
        OID_BOT_INSTANCE,
        "6ad1d5a5-instance",
        OID_BOT_NAME,
        "robot",
        OID_DISALLOW_REISSUE,
        "true",
        OID_ORGANIZATION,
        "access",
        OID_STREET,
        "leaf.example",
        NULL,
    };
    struct fixture f = {.generation = 12, .attributes = attributes, .not_after = 1800000000};
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&f);
    const struct subject *s = credentials_subject(c);
    assert_string_equal(s->username, "bot-test");
    assert_string_equal(s->cluster, FIXTURE_CLUSTER);
    assert_int_equal(s->roles->len, 2);
    assert_string_equal(s->roles->items[1], "access");
    assert_true(s->renewable);
    assert_int_equal(s->generation, 12);
    assert_string_equal(s->bot_name, "robot");
    assert_string_equal(s->bot_instance, "6ad1d5a5-instance");
    assert_string_equal(s->routed_to, "leaf.example");
    assert_true(s->disallow_reissue);
    assert_int_equal(strlen(credentials_serial(c)), 32);
    assert_int_equal(wall_to_unix(credentials_not_before(c)), FIXTURE_NOT_BEFORE);
    assert_false(credentials_expired(c, wall_of_unix(1799999999)));
    assert_true(credentials_expired(c, wall_of_unix(1800000000)));
}

static void test_subject_when_old_takes_the_bot_from_the_user(void **state)
{
    (void)state;
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&(struct fixture){0});
    const struct subject *s = credentials_subject(c);
    assert_string_equal(s->bot_name, "test");
    assert_null(s->bot_instance);
    assert_null(s->routed_to);
    assert_false(s->renewable);
    assert_false(s->disallow_reissue);
    assert_int_equal(s->generation, 0);
}

static void assert_generation_refused(const char *text)
{
    CLEANUP(parts_release) struct parts p;
    parts_init(&p, KEY_ED25519);
    const char *const attributes[] = {OID_GENERATION, text, NULL};
    free(p.tls);
    p.tls = fixture_tls_pem(&(struct fixture){.key = p.key, .attributes = attributes});
    assert_refused(&p, "is not a number");
}

static void test_new_when_the_generation_is_no_number_fails(void **state)
{
    (void)state;
    assert_generation_refused("seven");
    assert_generation_refused("7 ");
    assert_generation_refused("-7");
    assert_generation_refused("99999999999999999999");
}

static void test_new_when_the_key_is_another_names_the_part(void **state)
{
    (void)state;
    CLEANUP(parts_release) struct parts p;
    CLEANUP(parts_release) struct parts other;
    parts_init(&p, KEY_ECDSA_P256);
    parts_init(&other, KEY_ECDSA_P256);
    char *ssh = p.ssh;
    p.ssh = other.ssh;
    assert_refused(&p, "SSH certificate: it is over another key");
    p.ssh = ssh;
    char *tls = p.tls;
    p.tls = other.tls;
    assert_refused(&p, "TLS certificate: it is over another key");
    p.tls = tls;
}

static void test_new_when_a_part_is_missing_names_it(void **state)
{
    (void)state;
    CLEANUP(parts_release) struct parts p;
    parts_init(&p, KEY_ED25519);
    struct parts no_tls = p, no_ssh = p, no_cas = p, no_ssh_cas = p;
    char empty[] = "";
    no_tls.tls = empty;
    assert_refused(&no_tls, "TLS certificate: the PEM text is empty");
    no_ssh.ssh = empty;
    assert_refused(&no_ssh, "SSH certificate: the line is empty");
    no_cas.tls_cas = (struct strlist){0};
    assert_refused(&no_cas, "no TLS CA");
    no_ssh_cas.ssh_cas = (struct strlist){0};
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    assert_ok(make(&no_ssh_cas, &c));
}

static void test_new_without_principal_fails(void **state)
{
    (void)state;
    /* An SSH certificate of ssh-keygen's, with its key, but without principals. */
    CLEANUP(freep) char *pem = inputs_read(PKI_FIXTURES "ec.pem");
    CLEANUP(parts_release) struct parts p = {.ssh = inputs_read(PKI_FIXTURES "ec-cert.pub")};
    assert_ok(key_from_pem(bytes_of_str(pem), &p.key));
    p.tls = fixture_tls_pem(&(struct fixture){.key = p.key});
    assert_refused(&p, "names no principal");
    free(p.ssh);
    p.ssh = inputs_read(PKI_FIXTURES "rsa-cert.pub");
    assert_refused(&p, "SSH certificate: it is over another key");
}

static void test_ssh_line_ends_with_one_newline_whatever_came(void **state)
{
    (void)state;
    CLEANUP(parts_release) struct parts p;
    parts_init(&p, KEY_ED25519);
    CLEANUP(freep) char *expected = strdup(p.ssh);
    p.ssh[strlen(p.ssh) - 1] = '\0';
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    assert_ok(make(&p, &c));
    assert_string_equal(credentials_ssh_line(c), expected);
}

static void test_with_cas_changes_only_the_cas(void **state)
{
    (void)state;
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&(struct fixture){0});
    CLEANUP(credentials_freep) struct credentials *other = NULL;
    CLEANUP(strlist_release) struct strlist cas = {0};
    CLEANUP(freep) char *ca = inputs_read(PKI_FIXTURES "ca.crt");
    assert_ok(strlist_copy(&cas, credentials_tls_cas(c)));
    assert_ok(strlist_add(&cas, ca));
    assert_ok(credentials_with_cas(c, &cas, credentials_ssh_cas(c), &other));
    assert_int_equal(sk_X509_num(credentials_roots(other)), 2);
    assert_int_equal(sk_X509_num(credentials_roots(c)), 1);
    assert_string_equal(credentials_tls_pem(other), credentials_tls_pem(c));
    assert_true(credentials_key(other) == credentials_key(c));
}

static void test_free_keeps_it_while_referenced(void **state)
{
    (void)state;
    struct credentials *c = fixture_credentials(&(struct fixture){0});
    CLEANUP(credentials_freep) struct credentials *second = credentials_ref(c);
    credentials_free(c);
    assert_string_equal(credentials_subject(second)->username, "bot-test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_of_every_kind_of_key_succeeds),
        cmocka_unit_test(test_subject_reads_what_the_certificate_says),
        cmocka_unit_test(test_subject_when_old_takes_the_bot_from_the_user),
        cmocka_unit_test(test_new_when_the_generation_is_no_number_fails),
        cmocka_unit_test(test_new_when_the_key_is_another_names_the_part),
        cmocka_unit_test(test_new_when_a_part_is_missing_names_it),
        cmocka_unit_test(test_new_without_principal_fails),
        cmocka_unit_test(test_ssh_line_ends_with_one_newline_whatever_came),
        cmocka_unit_test(test_with_cas_changes_only_the_cas),
        cmocka_unit_test(test_free_keeps_it_while_referenced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
