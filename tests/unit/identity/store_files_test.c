/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_files.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEXT_MAX 65536

struct place {
    struct temp_dir tmp;
    struct dir *dir;
    struct credentials *creds;
};

/* A directory as Go tbot leaves it: written by plain calls, two CAs of each sort. */
static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ED25519);
    struct fixture f = {.key = key, .generation = 7};
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca = fixture_ca_pem();
    CLEANUP(x509_freep) X509 *other = fixture_new_ca("other.example");
    CLEANUP(freep) char *other_ca = fixture_pem(other);
    CLEANUP(freep) char *ssh_ca = fixture_ssh_ca_line();
    CLEANUP(freep) char *other_ssh_ca = inputs_read(PKI_FIXTURES "ed25519.pub");
    CLEANUP(secret_freep) struct secret *pem = NULL;
    CLEANUP(buf_release) struct buf cas = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf ssh_cas = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_release) struct buf line = BUF_INIT(TEXT_MAX);
    assert_ok(key_to_pem(key, &pem));
    assert_ok(key_public_ssh(key, &line));
    assert_ok(buf_printf(&cas, "%s$%s", ca, other_ca));
    assert_ok(buf_printf(&ssh_cas, "%s$%s", ssh_ca, other_ssh_ca));
    p->tmp = temp_dir_make();
    temp_dir_put(&p->tmp, "key", secret_bytes(pem));
    temp_dir_put(&p->tmp, "key.pub", buf_bytes(&line));
    temp_dir_put(&p->tmp, "tlscert", bytes_of_str(tls));
    temp_dir_put(&p->tmp, "key-cert.pub", bytes_of_str(ssh));
    temp_dir_put(&p->tmp, "tlscacerts", buf_bytes(&cas));
    temp_dir_put(&p->tmp, "sshcacerts", buf_bytes(&ssh_cas));
    temp_dir_put(&p->tmp, "tokenhash", bytes_of_str(HASH));
    temp_dir_put(&p->tmp, ".write-test", bytes_of_str(""));
    temp_dir_put(&p->tmp, "lock", bytes_of_str(""));
    assert_ok(dir_open(p->tmp.path, SYMLINKS_SECURE, false, &p->dir));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    credentials_free(p->creds);
    dir_close(p->dir);
    temp_dir_remove(&p->tmp);
    free(p);
    return 0;
}

static struct err *load(struct place *p)
{
    char tokenhash[SHA256_HEX_SIZE];
    credentials_free(TAKE(p->creds));
    return store_files_load(p->dir, &p->creds, tokenhash);
}

static void test_load_takes_over_a_directory_of_go_tbot(void **state)
{
    struct place *p = *state;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_files_load(p->dir, &p->creds, tokenhash));
    assert_string_equal(tokenhash, HASH);
    assert_int_equal(credentials_subject(p->creds)->generation, 7);
    assert_int_equal(credentials_tls_cas(p->creds)->len, 2);
    assert_int_equal(credentials_ssh_cas(p->creds)->len, 2);
}

/* What Go tbot reads back is what it wrote, byte for byte, but for the line's comment. */
static void test_publish_gives_the_same_files_back(void **state)
{
    static const char *const names[] = {"key",        "key.pub",    "tlscert",  "key-cert.pub",
                                        "tlscacerts", "sshcacerts", "tokenhash"};
    struct place *p = *state;
    CLEANUP(temp_dir_remove) struct temp_dir other = temp_dir_make();
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(load(p));
    assert_ok(dir_open(other.path, SYMLINKS_SECURE, false, &d));
    assert_ok(store_files_publish(d, p->creds, HASH));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CLEANUP(freep) char *ours = temp_dir_read(&other, names[i]);
        CLEANUP(freep) char *theirs = temp_dir_read(&p->tmp, names[i]);
        assert_string_equal(ours, theirs);
        assert_int_equal(temp_dir_mode(&other, names[i]), 0600);
    }
    CLEANUP(freep) char *list = temp_dir_list(&other);
    assert_string_equal(list, "key key-cert.pub key.pub sshcacerts tlscacerts tlscert tokenhash");
}

static void test_load_reads_the_old_name_of_the_ssh_certificate(void **state)
{
    struct place *p = *state;
    CLEANUP(freep) char *ssh = temp_dir_read(&p->tmp, "key-cert.pub");
    temp_dir_put(&p->tmp, "sshcert", bytes_of_str(ssh));
    temp_dir_delete(&p->tmp, "key-cert.pub");
    assert_ok(load(p));
    temp_dir_put(&p->tmp, "key-cert.pub", bytes_of_str(""));
    assert_ok(load(p));
    temp_dir_put(&p->tmp, "sshcert", bytes_of_str(""));
    assert_fails(load(p), ERR_NOT_FOUND, "key-cert.pub");
}

static void test_load_when_a_part_is_missing_or_empty_finds_none(void **state)
{
    static const char *const names[] = {"key", "tlscert", "key-cert.pub", "tlscacerts"};
    struct place *p = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CLEANUP(freep) char *text = temp_dir_read(&p->tmp, names[i]);
        temp_dir_put(&p->tmp, names[i], bytes_of_str(""));
        assert_fails(load(p), ERR_NOT_FOUND, names[i]);
        temp_dir_delete(&p->tmp, names[i]);
        assert_fails(load(p), ERR_NOT_FOUND, names[i]);
        temp_dir_put(&p->tmp, names[i], bytes_of_str(text));
    }
    assert_ok(load(p));
}

static void test_load_without_optional_files_succeeds(void **state)
{
    struct place *p = *state;
    char tokenhash[SHA256_HEX_SIZE];
    temp_dir_delete(&p->tmp, "sshcacerts");
    temp_dir_delete(&p->tmp, "tokenhash");
    temp_dir_delete(&p->tmp, "key.pub");
    assert_ok(store_files_load(p->dir, &p->creds, tokenhash));
    assert_string_equal(tokenhash, "");
    assert_int_equal(credentials_ssh_cas(p->creds)->len, 0);
}

/* Cuts that leave a valid file: the last newline, a comment, or a CA between two others. */
static bool is_harmless_cut(const char *name, struct bytes cut, const char *whole)
{
    size_t len = cut.len;
    if (strcmp(name, "sshcacerts") == 0 && (len == 0 || len >= strlen(whole) - strlen(" host\n")))
        return true;
    if (whole[len] == '\n')
        return whole[len + 1] == '\0' || whole[len + 1] == '$';
    return len > 0 && (whole[len] == '$' || whole[len - 1] == '$');
}

struct cutting {
    struct place *place;
    const char *name;
    const char *whole;
};

static void check_cut(struct bytes cut, size_t len, void *arg)
{
    const struct cutting *c = arg;
    temp_dir_put(&c->place->tmp, c->name, cut);
    CLEANUP(err_freep) struct err *e = load(c->place);
    CLEANUP(freep) char *text = e ? err_text(e) : NULL;
    if (is_harmless_cut(c->name, cut, c->whole)) {
        if (e)
            fail_msg("%s cut after %zu bytes: %s", c->name, len, text);
        return;
    }
    if (!e || !text)
        fail_msg("%s cut after %zu bytes was taken", c->name, len);
    else
        assert_non_null(strstr(text, c->name));
    assert_true(err_code(e) == ERR_CRYPTO || err_code(e) == ERR_STORAGE ||
                (len == 0 && err_code(e) == ERR_NOT_FOUND));
    assert_true(len == 0 || err_hint(e));
}

static void check_every_cut(struct place *p, const char *name)
{
    CLEANUP(freep) char *whole = temp_dir_read(&p->tmp, name);
    struct cutting c = {p, name, whole};
    inputs_truncate(bytes_of_str(whole), check_cut, &c);
    temp_dir_put(&p->tmp, name, bytes_of_str(whole));
    assert_ok(load(p));
}

static void test_load_when_a_file_is_cut_anywhere_names_it(void **state)
{
    struct place *p = *state;
    CLEANUP(freep) char *before = temp_dir_list(&p->tmp);
    check_every_cut(p, "key");
    check_every_cut(p, "tlscert");
    check_every_cut(p, "key-cert.pub");
    check_every_cut(p, "tlscacerts");
    check_every_cut(p, "sshcacerts");
    CLEANUP(freep) char *after = temp_dir_list(&p->tmp);
    assert_string_equal(before, after);
}

static void test_load_when_the_tokenhash_is_damaged_fails(void **state)
{
    struct place *p = *state;
    temp_dir_put(&p->tmp, "tokenhash", bytes_of_str(HASH "\n"));
    assert_ok(load(p));
    temp_dir_put(&p->tmp, "tokenhash", bytes_of_str("0123"));
    assert_fails(load(p), ERR_STORAGE, "tokenhash");
    temp_dir_put(&p->tmp, "tokenhash", bytes_of_str(HASH "0"));
    assert_fails(load(p), ERR_STORAGE, "tokenhash");
    temp_dir_put(&p->tmp, "tokenhash", (struct bytes){(const uint8_t *)"\0\0", 2});
    assert_fails(load(p), ERR_STORAGE, "tokenhash");
}

static void test_load_when_the_key_is_another_ones_says_so(void **state)
{
    struct place *p = *state;
    CLEANUP(freep) char *ec = inputs_read(PKI_FIXTURES "ec.pem");
    temp_dir_put(&p->tmp, "key", bytes_of_str(ec));
    assert_fails(load(p), ERR_CRYPTO, "over another key");
}

static void test_fingerprint_tells_identities_apart(void **state)
{
    struct place *p = *state;
    char flat[SHA256_HEX_SIZE], same[SHA256_HEX_SIZE];
    assert_ok(load(p));
    assert_ok(store_files_fingerprint(p->dir, flat));
    assert_ok(store_files_fingerprint_of(p->creds, same));
    assert_string_equal(flat, same);
    temp_dir_put(&p->tmp, "tlscert", bytes_of_str("other"));
    assert_ok(store_files_fingerprint(p->dir, flat));
    assert_string_not_equal(flat, same);
    temp_dir_delete(&p->tmp, "tlscert");
    assert_ok(store_files_fingerprint(p->dir, flat));
    assert_string_equal(flat, "");
}

#define FILES_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES_TEST(test_load_takes_over_a_directory_of_go_tbot),
        FILES_TEST(test_publish_gives_the_same_files_back),
        FILES_TEST(test_load_reads_the_old_name_of_the_ssh_certificate),
        FILES_TEST(test_load_when_a_part_is_missing_or_empty_finds_none),
        FILES_TEST(test_load_without_optional_files_succeeds),
        FILES_TEST(test_load_when_a_file_is_cut_anywhere_names_it),
        FILES_TEST(test_load_when_the_tokenhash_is_damaged_fails),
        FILES_TEST(test_load_when_the_key_is_another_ones_says_so),
        FILES_TEST(test_fingerprint_tells_identities_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
