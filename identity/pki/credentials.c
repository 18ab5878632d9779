/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/credentials.h"

#include "identity/pki/bundle.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshcert.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/subject.h"
#include "identity/pki/x509.h"

#include <stdatomic.h>
#include <string.h>

#define PUBLIC_BLOB_MAX 8192

struct credentials {
    atomic_uint refs;
    struct key *key;
    X509 *cert;
    struct stack_st_X509 *roots;
    char *tls_pem;
    char *ssh_line;
    char *serial;
    struct strlist tls_cas;
    struct strlist ssh_cas;
    struct wall not_before;
    struct wall not_after;
    struct subject_texts texts;
    struct subject subject;
};

/* Writes the certificate anew, so that what is stored has no text around it and ends with a
 * newline. */
static RESULT read_tls_cert(struct credentials *c, struct bytes pem)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(X509_PEM_MAX);
    TRY(x509_from_pem(pem, &c->cert));
    if (EVP_PKEY_eq(X509_get0_pubkey(c->cert), key_evp(c->key)) != 1)
        return err_new(ERR_CRYPTO, "it is over another key than the private key beside it");
    TRY(x509_validity(c->cert, &c->not_before, &c->not_after));
    TRY(x509_serial_hex(c->cert, &c->serial));
    TRY(subject_read(c->cert, &c->texts, &c->subject));
    TRY(x509_to_pem(c->cert, &text));
    c->tls_pem = buf_take_str(&text);
    return c->tls_pem ? NULL : err_nomem();
}

static bool has_principal(const struct sshcert *cert)
{
    for (size_t i = 0; i < cert->principals.len; i++) {
        if (*cert->principals.items[i])
            return true;
    }
    return false;
}

static RESULT check_ssh_key(const struct sshcert *cert, const struct key *key)
{
    CLEANUP(buf_release) struct buf ours = BUF_INIT(PUBLIC_BLOB_MAX);
    CLEANUP(buf_release) struct buf theirs = BUF_INIT(PUBLIC_BLOB_MAX);
    TRY(key_public_ssh_blob(key, &ours));
    struct err *e = sshcert_public_blob(cert, &theirs);
    if (e)
        return err_wrap_as(ERR_CRYPTO, e, "its public key");
    if (ours.len != theirs.len || memcmp(ours.data, theirs.data, ours.len) != 0)
        return err_new(ERR_CRYPTO, "it is over another key than the private key beside it");
    return NULL;
}

/* The line as it came, with exactly one newline. */
static RESULT keep_line(struct bytes line, char **ret)
{
    while (line.len > 0 && strchr("\r\n", line.data[line.len - 1]))
        line.len--;
    CLEANUP(buf_release) struct buf text = BUF_INIT(SSHWIRE_LINE_MAX + 1);
    TRY(buf_add(&text, line.data, line.len));
    TRY(buf_add_str(&text, "\n"));
    *ret = buf_take_str(&text);
    return *ret ? NULL : err_nomem();
}

static RESULT read_ssh_cert(struct credentials *c, struct bytes line)
{
    CLEANUP(sshcert_freep) struct sshcert *cert = NULL;
    if (line.len > 0 && memchr(line.data, '\0', line.len))
        return err_new(ERR_CRYPTO, "a NUL byte in the line");
    TRY(sshcert_from_line(line, &cert));
    TRY(check_ssh_key(cert, c->key));
    if (!has_principal(cert))
        return err_new(ERR_CRYPTO, "it names no principal");
    return keep_line(line, &c->ssh_line);
}

static RESULT read_cas(struct credentials *c, const struct credentials_parts *parts)
{
    if (!parts->tls_cas || parts->tls_cas->len == 0)
        return err_new(ERR_CRYPTO, "no TLS CA came with the identity");
    TRY_CTX(bundle_from_pems(parts->tls_cas, &c->roots), "TLS CAs");
    TRY(strlist_copy(&c->tls_cas, parts->tls_cas));
    return parts->ssh_cas ? strlist_copy(&c->ssh_cas, parts->ssh_cas) : NULL;
}

RESULT credentials_new(const struct credentials_parts *parts, struct credentials **ret)
{
    CLEANUP(credentials_freep) struct credentials *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    atomic_init(&c->refs, 1);
    c->key = key_ref(parts->key);
    TRY_CTX(read_tls_cert(c, parts->tls_cert), "TLS certificate");
    TRY_CTX(read_ssh_cert(c, parts->ssh_cert), "SSH certificate");
    TRY(read_cas(c, parts));
    *ret = TAKE(c);
    return NULL;
}

struct credentials *credentials_ref(struct credentials *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void credentials_free(struct credentials *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    key_free(c->key);
    X509_free(c->cert);
    sk_X509_pop_free(c->roots, X509_free);
    free(c->tls_pem);
    free(c->ssh_line);
    free(c->serial);
    strlist_release(&c->tls_cas);
    strlist_release(&c->ssh_cas);
    subject_release(&c->texts);
    free(c);
}

const struct subject *credentials_subject(const struct credentials *c)
{
    return &c->subject;
}

struct wall credentials_not_before(const struct credentials *c)
{
    return c->not_before;
}

struct wall credentials_not_after(const struct credentials *c)
{
    return c->not_after;
}

bool credentials_expired(const struct credentials *c, struct wall now)
{
    return !wall_before(now, c->not_after);
}

const char *credentials_serial(const struct credentials *c)
{
    return c->serial;
}

struct key *credentials_key(const struct credentials *c)
{
    return c->key;
}

X509 *credentials_cert(const struct credentials *c)
{
    return c->cert;
}

struct stack_st_X509 *credentials_roots(const struct credentials *c)
{
    return c->roots;
}

const char *credentials_tls_pem(const struct credentials *c)
{
    return c->tls_pem;
}

const char *credentials_ssh_line(const struct credentials *c)
{
    return c->ssh_line;
}

const struct strlist *credentials_tls_cas(const struct credentials *c)
{
    return &c->tls_cas;
}

const struct strlist *credentials_ssh_cas(const struct credentials *c)
{
    return &c->ssh_cas;
}

RESULT credentials_with_cas(const struct credentials *c, const struct strlist *tls_cas,
                            const struct strlist *ssh_cas, struct credentials **ret)
{
    struct credentials_parts parts = {
        .key = c->key,
        .tls_cert = bytes_of_str(c->tls_pem),
        .ssh_cert = bytes_of_str(c->ssh_line),
        .tls_cas = tls_cas,
        .ssh_cas = ssh_cas,
    };
    return credentials_new(&parts, ret);
}
