/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls_internal.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* How many of a certificate's names a message lists. */
#define NAMES_SHOWN 6

int tls_verify_note(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    X509 *cert = X509_STORE_CTX_get_current_cert(store);

    if (!ok && !t->refused) {
        t->refused_because = X509_STORE_CTX_get_error(store);
        t->refused = cert ? cert : X509_STORE_CTX_get0_cert(store);
        if (t->refused)
            X509_up_ref(t->refused);
    }
    return ok;
}

static bool is_ip(const char *name)
{
    uint8_t address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

RESULT tls_verify_setup(struct tls *t, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);

    if (!name || !*name)
        return err_new(ERR_BUG, "a server is to be verified without a name");
    /* As browsers and Go do: the names are in the extension, the common name is a label. */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_ip(name) ? !X509_VERIFY_PARAM_set1_ip_asc(param, name)
                    : !X509_VERIFY_PARAM_set1_host(param, name, 0))
        return err_ossl("verify the name '%s'", name);
    X509_VERIFY_PARAM_set_time(param, (time_t)wall_to_unix(t->now));
    t->name = name;
    SSL_set_verify(t->ssl, SSL_VERIFY_PEER, tls_verify_note);
    return NULL;
}

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

/* Moves what was written to a memory BIO into a string. NULL: no memory. */
static char *bio_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return len > 0 ? strndup(data, (size_t)len) : strdup("");
}

static char *name_text(const X509_NAME *name)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

    if (!bio)
        return NULL;
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
    return bio_text(bio);
}

char *tls_time_text(const ASN1_TIME *when, char out[RFC3339_SIZE])
{
    struct tm tm = {0};

    if (!ASN1_TIME_to_tm(when, &tm)) {
        out[0] = '?';
        out[1] = '\0';
        return out;
    }
    return wall_format(wall_of_unix(timegm(&tm)), false, out);
}

static void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

/* "DNS:a, IP Address:1.2.3.4, …" */
static char *alternative_names(const X509 *cert)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    CLEANUP(names_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    if (!bio)
        return NULL;
    if (sk_GENERAL_NAME_num(names) <= 0)
        return strdup("no name");
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_SHOWN; i++) {
        if (i > 0)
            BIO_puts(bio, ", ");
        GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
    }
    if (sk_GENERAL_NAME_num(names) > NAMES_SHOWN)
        BIO_puts(bio, ", and more");
    return bio_text(bio);
}

static struct err *time_error(const struct tls *t, const char *subject)
{
    char limit[RFC3339_SIZE], now[RFC3339_SIZE];
    bool early = t->refused_because == X509_V_ERR_CERT_NOT_YET_VALID;
    const ASN1_TIME *when =
        early ? X509_get0_notBefore(t->refused) : X509_get0_notAfter(t->refused);
    struct err *e = err_new(ERR_EXPIRED, "the certificate '%s' %s %s; here it is %s", subject,
                            early ? "is not valid before" : "expired at",
                            tls_time_text(when, limit), wall_format(t->now, false, now));

    return err_set_hint(
        e, "Check this machine's clock; if it is right, the %s needs a new certificate.",
        SSL_is_server(t->ssl) ? "client" : "server");
}

static struct err *name_error(const struct tls *t, const char *subject)
{
    CLEANUP(freep) char *names = alternative_names(t->refused);
    struct err *e = err_new(ERR_UNTRUSTED, "the certificate '%s' is not for '%s' but for %s",
                            subject, t->name, names ? names : "other names");

    return err_set_hint(e, "Check the configured address: another server may be answering there.");
}

static struct err *chain_error(const struct tls *t, const char *subject)
{
    CLEANUP(freep) char *issuer = name_text(X509_get_issuer_name(t->refused));
    struct err *e =
        err_new(ERR_UNTRUSTED, "the certificate '%s', issued by '%s', is not trusted: %s", subject,
                issuer ? issuer : "?", X509_verify_cert_error_string(t->refused_because));

    if (SSL_is_server(t->ssl))
        return err_set_hint(
            e, "If this client is to be let in, add the CA it has its certificate from.");
    return err_set_hint(e, "Make sure that this is the right server; if its CA was replaced, give "
                           "tbot the new one ('ca_pins' or 'ca_path'; for a proxy, the system's "
                           "roots or SSL_CERT_FILE).");
}

struct err *tls_verify_error(const struct tls *t)
{
    CLEANUP(freep) char *subject = name_text(X509_get_subject_name(t->refused));
    const char *shown = subject ? subject : "?";

    switch (t->refused_because) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return time_error(t, shown);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return name_error(t, shown);
    default:
        return chain_error(t, shown);
    }
}
