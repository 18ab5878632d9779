/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issue.h"

#include "authority/pubkey.h"
#include "identity/pki/credentials.h"
#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define NOW 1790000000

/* A user authority, a subject's key, and what came out. */
struct world {
    struct ca_keys ca;
    struct key *key;
    struct buf key_blob;
    struct strlist roles;
    struct buf tls, ssh;
};

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_ok(ca_keys_generate(CA_USER, SUITE_BALANCED_V1, "example", wall_of_unix(NOW), &w->ca));
    assert_ok(key_generate(KEY_ECDSA_P256, &w->key));
    w->key_blob = BUF_INIT(PUBKEY_MAX);
    w->tls = BUF_INIT(X509_PEM_MAX);
    w->ssh = BUF_INIT(X509_PEM_MAX);
    assert_ok(key_public_ssh_blob(w->key, &w->key_blob));
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;
    ca_keys_release(&w->ca);
    key_free(w->key);
    buf_release(&w->key_blob);
    buf_release(&w->tls);
    buf_release(&w->ssh);
    strlist_release(&w->roles);
    free(w);
    return 0;
}

static struct issue basic(struct world *w)
{
    return (struct issue){.cluster = "example",
                          .user = "bot-a",
                          .bot_name = "a",
                          .instance_id = "0b5b1c9e-0000-4000-8000-000000000001",
                          .roles = &w->roles,
                          .route_to_cluster = "example",
                          .ssh_key = buf_bytes(&w->key_blob),
                          .tls_key = key_evp(w->key),
                          .not_before = wall_of_unix(NOW - 60),
                          .not_after = wall_of_unix(NOW + 3600)};
}

static void issue(struct world *w, const struct issue *i)
{
    struct fake_entropy dice;
    fake_entropy_init(&dice, 9);
    assert_ok(issue_certs(i, &w->ca, &dice.entropy, &w->tls, &w->ssh));
}

/* The agent's own checks. */
static struct credentials *accept(struct world *w)
{
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(buf_release) struct buf pem = BUF_INIT(X509_PEM_MAX);
    const struct strlist none = {0};
    struct credentials *c = NULL;
    assert_ok(x509_to_pem(w->ca.cert, &pem));
    assert_ok(strlist_add(&tls_cas, buf_str(&pem)));
    const struct credentials_parts parts = {w->key, buf_bytes(&w->tls), buf_bytes(&w->ssh),
                                            &tls_cas, &none};
    assert_ok(credentials_new(&parts, &c));
    return c;
}

static void test_own_identity_is_what_an_agent_accepts(void **state)
{
    struct world *w = *state;
    assert_ok(strlist_add(&w->roles, "bot-a"));
    struct issue i = basic(w);
    i.is_renewable = true;
    i.generation = 41;
    issue(w, &i);
    CLEANUP(credentials_freep) struct credentials *c = accept(w);
    const struct subject *s = credentials_subject(c);
    assert_string_equal(s->username, "bot-a");
    assert_string_equal(s->cluster, "example");
    assert_true(s->renewable);
    assert_false(s->disallow_reissue);
    assert_int_equal(s->generation, 41);
    assert_string_equal(s->bot_name, "a");
    assert_string_equal(s->bot_instance, i.instance_id);
    assert_int_equal(s->roles->len, 1);
    assert_string_equal(s->roles->items[0], "bot-a");
    assert_int_equal(wall_to_unix(credentials_not_before(c)), NOW - 60);
    assert_int_equal(wall_to_unix(credentials_not_after(c)), NOW + 3600);
}

static void test_own_ssh_certificate_says_the_same(void **state)
{
    struct world *w = *state;
    assert_ok(strlist_add(&w->roles, "bot-a"));
    struct issue i = basic(w);
    i.is_renewable = true;
    i.generation = 41;
    issue(w, &i);
    CLEANUP(sshcert_freep) struct sshcert *ssh = NULL;
    assert_ok(sshcert_from_line(buf_bytes(&w->ssh), &ssh));
    assert_string_equal(ssh->key_id, "bot-a");
    assert_true(strlist_has(&ssh->principals, "-teleport-internal-join"));
    assert_int_equal(ssh->principals.len, 2);
    assert_string_equal(sshcert_option(&ssh->extensions, "generation"), "41");
    assert_non_null(sshcert_option(&ssh->extensions, "renewable"));
    assert_non_null(sshcert_option(&ssh->extensions, "permit-port-forwarding"));
    assert_string_equal(sshcert_option(&ssh->extensions, "teleport-roles"),
                        "{\"version\":\"v1\",\"roles\":[\"bot-a\"]}");
    assert_string_equal(sshcert_option(&ssh->extensions, "teleport-route-to-cluster"), "example");
    assert_string_equal(sshcert_option(&ssh->extensions, "bot-name@goteleport.com"), "a");
    assert_null(sshcert_option(&ssh->extensions, "impersonator"));
    assert_int_equal(wall_to_unix(ssh->valid_before), NOW + 3600);
}

static void test_impersonated_identity_cannot_go_on(void **state)
{
    struct world *w = *state;
    assert_ok(strlist_add(&w->roles, "access"));
    assert_ok(strlist_add(&w->roles, "more"));
    struct issue i = basic(w);
    i.is_impersonated = true;
    issue(w, &i);
    CLEANUP(credentials_freep) struct credentials *c = accept(w);
    const struct subject *s = credentials_subject(c);
    assert_true(s->disallow_reissue);
    assert_false(s->renewable);
    assert_int_equal(s->generation, 0);
    assert_int_equal(s->roles->len, 2);
    CLEANUP(strlist_release) struct strlist by = {0};
    assert_ok(x509_name_values(X509_get_subject_name(credentials_cert(c)), OID_IMPERSONATOR, &by));
    assert_int_equal(by.len, 1);
    assert_string_equal(by.items[0], "bot-a");
}

static void test_version_15_has_no_bot_attributes(void **state)
{
    struct world *w = *state;
    assert_ok(strlist_add(&w->roles, "bot-a"));
    struct issue i = basic(w);
    i.bot_name = NULL;
    i.instance_id = "";
    issue(w, &i);
    CLEANUP(credentials_freep) struct credentials *c = accept(w);
    CLEANUP(strlist_release) struct strlist values = {0};
    const X509_NAME *subject = X509_get_subject_name(credentials_cert(c));
    assert_ok(x509_name_values(subject, OID_BOT_NAME, &values));
    assert_ok(x509_name_values(subject, OID_BOT_INSTANCE, &values));
    assert_int_equal(values.len, 0);
    assert_null(credentials_subject(c)->bot_instance);
}

static int verify(struct world *w, X509 *leaf, int64_t at)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, w->ca.cert);
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)at);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
    int verdict = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return verdict;
}

static void test_tls_certificate_verifies_in_its_time_only(void **state)
{
    struct world *w = *state;
    struct issue i = basic(w);
    issue(w, &i);
    CLEANUP(x509_freep) X509 *leaf = NULL;
    assert_ok(x509_from_pem(buf_bytes(&w->tls), &leaf));
    assert_int_equal(verify(w, leaf, NOW), X509_V_OK);
    assert_int_equal(verify(w, leaf, NOW + 3601), X509_V_ERR_CERT_HAS_EXPIRED);
    /* NotBefore lies where the authority's own begins: move into it, not before both. */
    i.not_before = wall_of_unix(NOW + 100);
    buf_clear(&w->tls);
    buf_clear(&w->ssh);
    issue(w, &i);
    CLEANUP(x509_freep) X509 *later = NULL;
    assert_ok(x509_from_pem(buf_bytes(&w->tls), &later));
    assert_int_equal(verify(w, later, NOW), X509_V_ERR_CERT_NOT_YET_VALID);
}

static void test_names_longer_than_x520_allows_are_kept_whole(void **state)
{
    struct world *w = *state;
    char longest[201];
    memset(longest, 'r', 200);
    longest[200] = '\0';
    assert_ok(strlist_add(&w->roles, longest));
    struct issue i = basic(w);
    i.user = longest;
    issue(w, &i);
    CLEANUP(credentials_freep) struct credentials *c = accept(w);
    assert_string_equal(credentials_subject(c)->username, longest);
    assert_string_equal(credentials_subject(c)->roles->items[0], longest);
}

static void test_role_with_quotes_stays_one_role(void **state)
{
    struct world *w = *state;
    assert_ok(strlist_add(&w->roles, "a\"],\"x"));
    struct issue i = basic(w);
    issue(w, &i);
    CLEANUP(sshcert_freep) struct sshcert *ssh = NULL;
    assert_ok(sshcert_from_line(buf_bytes(&w->ssh), &ssh));
    assert_string_equal(sshcert_option(&ssh->extensions, "teleport-roles"),
                        "{\"version\":\"v1\",\"roles\":[\"a\\\"],\\\"x\"]}");
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_own_identity_is_what_an_agent_accepts),
        WITH_WORLD(test_own_ssh_certificate_says_the_same),
        WITH_WORLD(test_impersonated_identity_cannot_go_on),
        WITH_WORLD(test_version_15_has_no_bot_attributes),
        WITH_WORLD(test_tls_certificate_verifies_in_its_time_only),
        WITH_WORLD(test_names_longer_than_x520_allows_are_kept_whole),
        WITH_WORLD(test_role_with_quotes_stays_one_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
