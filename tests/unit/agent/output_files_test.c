/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files.h"
#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/unit/agent/output_fixture.h"

#include <openssl/pem.h>

static char *keys[] = {(char[]){FIXTURE_SSH_CA}};
static const struct strlist host_keys = {.items = keys, .len = 1};
static const struct output_cluster clusters[] = {{.name = "example.test", .host_keys = &host_keys}};

struct given {
    struct credentials *creds;
    struct strlist host, user, database;
};

static int set_up(void **state)
{
    struct given *g = calloc(1, sizeof(*g));

    assert_non_null(g);
    assert_ok(fixture_credentials(&g->creds));
    assert_ok(strlist_add(&g->host, FIXTURE_CA));
    assert_ok(strlist_add(&g->host, FIXTURE_CA_NEXT));
    assert_ok(strlist_add(&g->user, FIXTURE_CA_NEXT));
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct given *g = *state;

    credentials_free(g->creds);
    strlist_release(&g->host);
    strlist_release(&g->user);
    strlist_release(&g->database);
    free(g);
    return 0;
}

static struct output_inputs inputs(const struct given *g)
{
    return (struct output_inputs){
        .creds = g->creds,
        .cluster = "example.test",
        .cas = {.host = &g->host, .user = &g->user, .database = &g->database},
        .with_ssh = true,
        .ssh = {.clusters = clusters,
                .n_clusters = 1,
                .proxy = "proxy.example.test:443",
                .bin = "/usr/bin/tbot",
                .dir = "/opt/out",
                .server_major = 18},
    };
}

static struct bytes content_of(const struct output_files *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return f->items[i].content;
    }
    fail_msg("no file '%s'", name);
    return (struct bytes){0};
}

static void assert_content(const struct output_files *f, const char *name, const char *want)
{
    struct bytes got = content_of(f, name);

    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.data, want, got.len);
}

static void test_build_gives_every_file_in_publishing_order(void **state)
{
    static const char *const want[] = {
        "known_hosts",
        "ssh_config",
        "example.test.known_hosts",
        "example.test.ssh_config",
        "teleport-host-ca.crt",
        "teleport-user-ca.crt",
        "teleport-database-ca.crt",
        "identity",
        "key.pub",
        "key-cert.pub",
        "key",
        "tlscert",
    };
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_inputs in = inputs(*state);

    assert_ok(output_files_build(&in, &f));
    assert_int_equal(f.len, sizeof(want) / sizeof(*want));
    for (size_t i = 0; i < f.len; i++) {
        assert_string_equal(f.items[i].name, want[i]);
        assert_int_equal(f.items[i].mode, 0600);
    }
}

static void test_build_without_ssh_leaves_its_files_out(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_inputs in = inputs(*state);

    in.with_ssh = false;
    assert_ok(output_files_build(&in, &f));
    assert_int_equal(f.len, 8);
    assert_string_equal(f.items[0].name, "teleport-host-ca.crt");
}

static void test_build_gives_keys_certificates_and_cas_as_they_are(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_inputs in = inputs(*state);
    CLEANUP(buf_release) struct buf both = BUF_INIT(65536);

    assert_ok(output_files_build(&in, &f));
    assert_content(&f, "key", FIXTURE_KEY);
    assert_content(&f, "key.pub", FIXTURE_KEY_PUB);
    assert_content(&f, "key-cert.pub", FIXTURE_SSH_CERT);
    assert_content(&f, "tlscert", FIXTURE_TLS_CERT);
    assert_ok(buf_printf(&both, "%s%s", FIXTURE_CA, FIXTURE_CA_NEXT));
    assert_content(&f, "teleport-host-ca.crt", buf_str(&both));
    assert_content(&f, "teleport-user-ca.crt", FIXTURE_CA_NEXT);
    assert_content(&f, "teleport-database-ca.crt", "");
}

static void test_identity_has_its_blocks_in_order(void **state)
{
    struct given *g = *state;
    CLEANUP(output_files_release) struct output_files f = {0};
    CLEANUP(buf_release) struct buf want = BUF_INIT(65536);

    assert_ok(output_files_add_identity(&f, g->creds, "example.test"));
    assert_ok(buf_printf(&want, "%s%s%s%s%s%s", FIXTURE_KEY, FIXTURE_SSH_CERT, FIXTURE_TLS_CERT,
                         "@cert-authority example.test,*.example.test " FIXTURE_SSH_CA
                         " type=host\n",
                         FIXTURE_CA, FIXTURE_CA_NEXT));
    assert_content(&f, "identity", buf_str(&want));
}

/* As Teleport's readers do: the first block is the key, the second the certificate, then CAs. */
static void test_identity_read_by_position_gives_the_parts_back(void **state)
{
    struct given *g = *state;
    CLEANUP(output_files_release) struct output_files f = {0};

    assert_ok(output_files_add_identity(&f, g->creds, "example.test"));
    struct bytes text = content_of(&f, "identity");
    CLEANUP(bio_freep) BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    CLEANUP(x509_freep) X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    CLEANUP(x509_freep) X509 *ca = PEM_read_bio_X509(in, NULL, NULL, NULL);
    CLEANUP(x509_freep) X509 *next_ca = PEM_read_bio_X509(in, NULL, NULL, NULL);
    assert_non_null(key);
    assert_non_null(cert);
    assert_non_null(ca);
    assert_non_null(next_ca);
    assert_null(PEM_read_bio_X509(in, NULL, NULL, NULL));
    assert_int_equal(X509_check_private_key(cert, key), 1);
    assert_int_equal(X509_cmp(cert, credentials_cert(g->creds)), 0);
    CLEANUP(evp_pkey_freep) EVP_PKEY *ca_key = X509_get_pubkey(ca);
    assert_int_equal(X509_verify(cert, ca_key), 1);
}

static void test_identity_with_hostile_cluster_refuses(void **state)
{
    struct given *g = *state;
    CLEANUP(output_files_release) struct output_files f = {0};

    assert_fails(output_files_add_identity(&f, g->creds, "a\nssh-rsa x"), ERR_PROTOCOL, "cluster");
    assert_int_equal(f.len, 0);
}

/* A line beside the certificates is for readers of known hosts: it must not come through. */
static void test_cas_with_text_around_them_lose_it(void **state)
{
    struct given *g = *state;
    CLEANUP(output_files_release) struct output_files f = {0};
    CLEANUP(buf_release) struct buf noisy = BUF_INIT(65536);
    struct output_inputs in = inputs(g);

    assert_ok(
        buf_printf(&noisy, "@cert-authority * %s\n%s\nthe end\n", FIXTURE_SSH_CA_LEAF, FIXTURE_CA));
    assert_ok(strlist_add(&g->database, buf_str(&noisy)));
    assert_ok(output_files_build(&in, &f));
    assert_content(&f, "teleport-database-ca.crt", FIXTURE_CA);
}

static void test_cas_that_are_none_refuse(void **state)
{
    struct given *g = *state;
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_inputs in = inputs(g);

    assert_ok(strlist_add(&g->database, FIXTURE_KEY));
    assert_fails(output_files_build(&in, &f), ERR_CRYPTO, "'teleport-database-ca.crt'");
    assert_int_equal(f.len, 0);
    assert_null(f.items);
}

static void test_add_with_a_name_twice_refuses_and_keeps_the_first(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct secret *secret = NULL;

    (void)state;
    assert_ok(output_files_add(&f, "a", bytes_of_str("one")));
    assert_fails(output_files_add(&f, "a", bytes_of_str("two")), ERR_PROTOCOL, "'a'");
    assert_ok(secret_new("three", 5, &secret));
    assert_fails(output_files_add_secret(&f, "a", secret), ERR_PROTOCOL, "'a'");
    assert_int_equal(f.len, 1);
    assert_content(&f, "a", "one");
}

static void test_add_of_many_files_keeps_them_all(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    char name[16];

    (void)state;
    for (int i = 0; i < OUTPUT_FILES_MAX; i++) {
        snprintf(name, sizeof(name), "file-%d", i);
        assert_ok(output_files_add(&f, name, bytes_of_str(name)));
    }
    assert_content(&f, "file-0", "file-0");
    assert_content(&f, "file-4095", "file-4095");
    assert_fails(output_files_add(&f, "more", bytes_of_str("")), ERR_REJECTED, "4096");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_build_gives_every_file_in_publishing_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_build_without_ssh_leaves_its_files_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_build_gives_keys_certificates_and_cas_as_they_are,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity_has_its_blocks_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity_read_by_position_gives_the_parts_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_identity_with_hostile_cluster_refuses, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cas_with_text_around_them_lose_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cas_that_are_none_refuse, set_up, tear_down),
        cmocka_unit_test(test_add_with_a_name_twice_refuses_and_keeps_the_first),
        cmocka_unit_test(test_add_of_many_files_keeps_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
