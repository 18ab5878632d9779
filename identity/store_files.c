/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_files.h"

#include "identity/pki/bundle.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/x509.h"

#include <ctype.h>
#include <string.h>

#define FILE_MODE 0600

static const char key_name[] = "key";
static const char key_pub_name[] = "key.pub";
static const char tls_cert_name[] = "tlscert";
static const char ssh_cert_name[] = "key-cert.pub";
static const char old_ssh_cert_name[] = "sshcert";
static const char tls_cas_name[] = "tlscacerts";
static const char ssh_cas_name[] = "sshcacerts";
static const char tokenhash_name[] = "tokenhash";

/* What was read, not looked into yet. */
struct raw {
    struct secret *key;
    struct buf *tls_cert;
    struct buf *ssh_cert;
    struct buf *tls_cas;
    struct buf *ssh_cas;
};

static void raw_release(struct raw *r)
{
    secret_free(r->key);
    buf_free(r->tls_cert);
    buf_free(r->ssh_cert);
    buf_free(r->tls_cas);
    buf_free(r->ssh_cas);
}

static struct err *missing(const struct dir *d, const char *name)
{
    return err_new(ERR_NOT_FOUND, "no stored identity: '%s/%s' is missing or empty", dir_path(d),
                   name);
}

/* Puts the file's name and the remedy on an error about its content. */
static RESULT about_file(struct err *e, const struct dir *d, const char *name)
{
    if (!e || err_code(e) == ERR_NOMEM)
        return e;
    return err_set_hint(err_wrap(e, "stored identity '%s/%s'", dir_path(d), name),
                        "Nothing was changed. Restore the files of '%s' from a backup that no tbot "
                        "has renewed since, or move them away and give tbot a new token to join "
                        "again.",
                        dir_path(d));
}

static RESULT read_required(struct dir *d, const char *name, struct buf **ret)
{
    CLEANUP(buf_freep) struct buf *b = NULL;
    struct err *e = dir_read(d, name, STORE_FILE_MAX, &b);
    if (err_code(e) == ERR_NOT_FOUND || (!e && b->len == 0)) {
        err_free(e);
        return missing(d, name);
    }
    TRY(e);
    *ret = TAKE(b);
    return NULL;
}

static RESULT read_key(struct dir *d, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *s = NULL;
    struct err *e = dir_read_secret(d, key_name, STORE_FILE_MAX, &s);
    if (err_code(e) == ERR_NOT_FOUND || (!e && secret_bytes(s).len == 0)) {
        err_free(e);
        return missing(d, key_name);
    }
    TRY(e);
    *ret = TAKE(s);
    return NULL;
}

/* For files an identity can do without: missing gives an empty buffer. */
static RESULT read_optional(struct dir *d, const char *name, struct buf **ret)
{
    struct err *e = dir_read(d, name, STORE_FILE_MAX, ret);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_free(e);
    *ret = buf_new(STORE_FILE_MAX);
    return *ret ? NULL : err_nomem();
}

static RESULT read_ssh_cert(struct dir *d, struct buf **ret)
{
    struct err *e = read_required(d, ssh_cert_name, ret);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    CLEANUP(err_freep) struct err *new_name = e;
    e = read_required(d, old_ssh_cert_name, ret);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_free(e);
    return TAKE(new_name);
}

static RESULT read_raw(struct dir *d, struct raw *raw)
{
    TRY(read_key(d, &raw->key));
    TRY(read_required(d, tls_cert_name, &raw->tls_cert));
    TRY(read_ssh_cert(d, &raw->ssh_cert));
    TRY(read_required(d, tls_cas_name, &raw->tls_cas));
    return read_optional(d, ssh_cas_name, &raw->ssh_cas);
}

static RESULT check_tls_cert(struct bytes text)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    return x509_from_pem(text, &cert);
}

static RESULT check_ssh_cert(struct bytes text)
{
    CLEANUP(sshcert_freep) struct sshcert *cert = NULL;
    return sshcert_from_line(text, &cert);
}

static RESULT split_tls_cas(struct bytes text, struct strlist *ret)
{
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = NULL;
    TRY(bundle_split_items(text, ret));
    return bundle_from_pems(ret, &certs);
}

static RESULT split_ssh_cas(struct bytes text, struct strlist *ret)
{
    TRY(bundle_split_items(text, ret));
    for (size_t i = 0; i < ret->len; i++)
        TRY_CTX(sshwire_check_key_line(bytes_of_str(ret->items[i])), "CA %zu of %zu", i + 1,
                ret->len);
    return NULL;
}

/*
 * Each file is parsed by itself first, so that the message can name the damaged one, before
 * credentials_new() compares them with each other.
 */
static RESULT parse_raw(struct dir *d, const struct raw *raw, struct credentials **ret)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    struct bytes tls_cert = buf_bytes(raw->tls_cert), ssh_cert = buf_bytes(raw->ssh_cert);
    TRY(about_file(key_from_pem(secret_bytes(raw->key), &key), d, key_name));
    TRY(about_file(check_tls_cert(tls_cert), d, tls_cert_name));
    TRY(about_file(check_ssh_cert(ssh_cert), d, ssh_cert_name));
    TRY(about_file(split_tls_cas(buf_bytes(raw->tls_cas), &tls_cas), d, tls_cas_name));
    TRY(about_file(split_ssh_cas(buf_bytes(raw->ssh_cas), &ssh_cas), d, ssh_cas_name));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = tls_cert,
        .ssh_cert = ssh_cert,
        .tls_cas = &tls_cas,
        .ssh_cas = &ssh_cas,
    };
    return about_file(credentials_new(&parts, ret), d, key_name);
}

bool store_files_is_hash(const char *text)
{
    size_t len = strspn(text, "0123456789abcdef");
    return text[len] == '\0' && (len == 0 || len == SHA256_HEX_SIZE - 1);
}

static RESULT read_tokenhash(struct dir *d, char ret[SHA256_HEX_SIZE])
{
    CLEANUP(buf_freep) struct buf *b = NULL;
    TRY(read_optional(d, tokenhash_name, &b));
    size_t len = b->len;
    while (len > 0 && isspace(b->data[len - 1]))
        len--;
    char text[SHA256_HEX_SIZE] = "";
    if (len < sizeof(text) && len > 0)
        memcpy(text, b->data, len);
    /* Taken for another token's, a damaged one would make us join again and waste the token. */
    if (strlen(text) != len || !store_files_is_hash(text))
        return about_file(err_new(ERR_STORAGE, "not a SHA-256 in hex"), d, tokenhash_name);
    memcpy(ret, text, sizeof(text));
    return NULL;
}

RESULT store_files_load(struct dir *d, struct credentials **ret,
                        char ret_tokenhash[SHA256_HEX_SIZE])
{
    CLEANUP(raw_release) struct raw raw = {0};
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    TRY(read_raw(d, &raw));
    TRY(parse_raw(d, &raw, &creds));
    TRY(read_tokenhash(d, ret_tokenhash));
    *ret = TAKE(creds);
    return NULL;
}

RESULT store_files_publish(struct dir *d, const struct credentials *creds, const char *tokenhash)
{
    CLEANUP(secret_freep) struct secret *key = NULL;
    CLEANUP(buf_release) struct buf key_pub = BUF_INIT(STORE_FILE_MAX);
    CLEANUP(buf_release) struct buf tls_cas = BUF_INIT(STORE_FILE_MAX);
    CLEANUP(buf_release) struct buf ssh_cas = BUF_INIT(STORE_FILE_MAX);
    TRY(key_to_pem(credentials_key(creds), &key));
    TRY(key_public_ssh(credentials_key(creds), &key_pub));
    TRY(bundle_join_items(credentials_tls_cas(creds), &tls_cas));
    TRY(bundle_join_items(credentials_ssh_cas(creds), &ssh_cas));
    struct dir_file files[] = {
        {key_name, secret_bytes(key), FILE_MODE},
        {key_pub_name, buf_bytes(&key_pub), FILE_MODE},
        {tls_cert_name, bytes_of_str(credentials_tls_pem(creds)), FILE_MODE},
        {ssh_cert_name, bytes_of_str(credentials_ssh_line(creds)), FILE_MODE},
        {tls_cas_name, buf_bytes(&tls_cas), FILE_MODE},
        {ssh_cas_name, buf_bytes(&ssh_cas), FILE_MODE},
        {tokenhash_name, bytes_of_str(tokenhash), FILE_MODE},
    };
    return dir_publish(d, files, sizeof(files) / sizeof(files[0]), NULL);
}

RESULT store_files_fingerprint(struct dir *d, char ret[SHA256_HEX_SIZE])
{
    CLEANUP(buf_freep) struct buf *b = NULL;
    TRY(read_optional(d, tls_cert_name, &b));
    if (b->len > 0)
        return sha256_hex(buf_bytes(b), ret);
    ret[0] = '\0';
    return NULL;
}

RESULT store_files_fingerprint_of(const struct credentials *creds, char ret[SHA256_HEX_SIZE])
{
    return sha256_hex(bytes_of_str(credentials_tls_pem(creds)), ret);
}
