/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/tls_keys.h"

#include "base/dir.h"
#include "diag/file_stamp.h"
#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "identity/pki/pair.h"
#include "identity/pki/x509.h"

#define KEY_FILE_MAX ((size_t)64 * 1024)
#define LOOK_EVERY dur_s(1)

/* The three files, as they were last seen. */
struct stamps {
    struct file_stamp cert, key, client_ca;
};

struct diag_tls_keys {
    struct diag_tls_config c;
    struct log *log;
    struct credentials *own; /* NULL: none yet */
    struct stamps stamps;
    struct mono next_look;
    struct tls_server *server; /* NULL: no certificate yet */
};

static bool asks_clients(const struct diag_tls_keys *k)
{
    return k->c.allow && k->c.allow->len > 0;
}

/* --- reading --- */

static RESULT read_pair(const struct diag_tls_keys *k, struct pair *ret)
{
    CLEANUP(buf_freep) struct buf *cert = NULL;
    CLEANUP(secret_freep) struct secret *key = NULL;
    TRY(file_read_regular(k->c.cert, X509_PEM_MAX, &cert));
    TRY(file_read_regular_secret(k->c.key, KEY_FILE_MAX, &key));
    TRY_CTX(pair_from_pem(buf_bytes(cert), secret_bytes(key), ret), "'%s' and '%s'", k->c.cert,
            k->c.key);
    return NULL;
}

static RESULT read_client_ca(const struct diag_tls_keys *k, struct stack_st_X509 *into)
{
    CLEANUP(buf_freep) struct buf *text = NULL;
    TRY(file_read_regular(k->c.client_ca, X509_PEM_MAX, &text));
    TRY_CTX(x509_all_from_pem(buf_bytes(text), into), "'%s'", k->c.client_ca);
    return NULL;
}

/* --- making --- */

static void use_own(const struct diag_tls_keys *k, struct tls_server_config *server)
{
    server->cert = credentials_cert(k->own);
    server->key = key_evp(credentials_key(k->own));
}

/* The server's configuration is left without a certificate where there is none yet. */
static RESULT choose_cert(const struct diag_tls_keys *k, struct pair *pair,
                          struct tls_server_config *server)
{
    if (!k->c.cert) {
        if (k->own)
            use_own(k, server);
        return NULL;
    }
    TRY(read_pair(k, pair));
    server->cert = pair->cert;
    server->chain = pair->chain;
    server->key = pair->key;
    return NULL;
}

/* Without any CA yet, nobody who shows a certificate gets in: `read` is empty, not missing. */
static RESULT choose_roots(const struct diag_tls_keys *k, struct stack_st_X509 *read,
                           struct tls_server_config *server)
{
    if (!asks_clients(k))
        return NULL;
    server->request_client_cert = true;
    server->client_roots = read;
    if (k->c.client_ca)
        return read_client_ca(k, read);
    if (k->own)
        server->client_roots = credentials_roots(k->own);
    return NULL;
}

static RESULT make_server(const struct diag_tls_keys *k, struct tls_server **ret)
{
    CLEANUP(pair_release) struct pair pair = {0};
    CLEANUP(x509_stack_freep) STACK_OF(X509) *roots = sk_X509_new_null();
    struct tls_server_config server = {0};
    if (!roots)
        return err_nomem();
    TRY(choose_cert(k, &pair, &server));
    TRY(choose_roots(k, roots, &server));
    return server.cert ? tls_server_new(&server, ret) : NULL;
}

static RESULT renew_server(struct diag_tls_keys *k)
{
    struct tls_server *server = NULL;
    TRY(make_server(k, &server));
    if (!server)
        return NULL;
    tls_server_free(k->server); /* streams it has accepted live on */
    k->server = server;
    return NULL;
}

/* Takes `e` over. */
static void warn(const struct diag_tls_keys *k, struct err *e)
{
    log_err(k->log, LOG_WARN, "diag",
            k->server ? "the new certificates for https:// cannot be used; those before stay"
                      : "https:// is refused until there is a certificate",
            e);
    err_free(e);
}

static void renew_or_keep(struct diag_tls_keys *k)
{
    struct err *e = renew_server(k);
    if (e)
        warn(k, e);
}

/* --- the files --- */

static struct stamps take_stamps(const struct diag_tls_keys *k)
{
    return (struct stamps){.cert = file_stamp_take(k->c.cert),
                           .key = file_stamp_take(k->c.key),
                           .client_ca = file_stamp_take(k->c.client_ca)};
}

static bool has_changed(const struct stamps *a, const struct stamps *b)
{
    return !file_stamp_equals(&a->cert, &b->cert) || !file_stamp_equals(&a->key, &b->key) ||
           !file_stamp_equals(&a->client_ca, &b->client_ca);
}

static void look_at_files(struct diag_tls_keys *k, struct mono now)
{
    if (mono_before(now, k->next_look))
        return;
    k->next_look = mono_add(now, LOOK_EVERY);
    struct stamps stamps = take_stamps(k);
    if (!has_changed(&stamps, &k->stamps))
        return;
    k->stamps = stamps;
    log_info(k->log, "diag", "certificates for https:// have changed", LOG_STR("cert", k->c.cert),
             LOG_STR("client_ca", k->c.client_ca));
    renew_or_keep(k);
}

/* --- outside --- */

static RESULT check_config(const struct diag_tls_config *c)
{
    bool has_names = c->allow && c->allow->len > 0;
    if (!c->cert != !c->key)
        return err_set_hint(
            err_new(ERR_CONFIG, "TLS for the diagnostics: '%s' is given without %s",
                    c->cert ? c->cert : c->key, c->cert ? "the key" : "the certificate"),
            "Give 'cert' and 'key', or neither: then the agent's own identity is used.");
    if (c->client_ca && !has_names)
        return err_set_hint(err_new(ERR_CONFIG,
                                    "TLS for the diagnostics: 'client_ca' is '%s', and no "
                                    "name is allowed",
                                    c->client_ca),
                            "List in 'allow' who may come, by the names in their certificates.");
    for (size_t i = 0; has_names && i < c->allow->len; i++) {
        if (!c->allow->items[i][0])
            return err_new(ERR_CONFIG, "TLS for the diagnostics: a name in 'allow' is empty");
    }
    return NULL;
}

RESULT diag_tls_keys_new(const struct diag_tls_config *config, struct log *log,
                         struct diag_tls_keys **ret)
{
    TRY(check_config(config));
    CLEANUP(diag_tls_keys_freep) struct diag_tls_keys *k = calloc(1, sizeof(*k));
    if (!k)
        return err_nomem();
    k->c = *config;
    k->log = log;
    k->stamps = take_stamps(k);
    struct err *e = renew_server(k);
    if (e && err_code(e) != ERR_NOT_FOUND)
        return err_wrap_as(ERR_CONFIG, e, "TLS for the diagnostics");
    if (e)
        warn(k, e);
    *ret = TAKE(k);
    return NULL;
}

void diag_tls_keys_free(struct diag_tls_keys *k)
{
    if (!k)
        return;
    tls_server_free(k->server);
    credentials_free(k->own);
    free(k);
}

void diag_tls_keys_use(struct diag_tls_keys *k, struct credentials *own)
{
    struct credentials *old = k->own;
    k->own = credentials_ref(own);
    credentials_free(old);
    if (!k->c.cert || (asks_clients(k) && !k->c.client_ca))
        renew_or_keep(k);
}

struct tls_server *diag_tls_keys_get(struct diag_tls_keys *k, struct mono now)
{
    look_at_files(k, now);
    return k->server;
}

/* A CA of one's own is asked for what it is believed; a cluster writes what a joining machine wishes. */
static bool is_made_out_to(const struct diag_tls_keys *k, const struct x509_st *cert,
                           const char *name)
{
    return k->c.client_ca ? x509_is_made_out_to(cert, name) : x509_is_of_subject(cert, name);
}

const char *diag_tls_keys_known(const struct diag_tls_keys *k, const struct x509_st *cert)
{
    for (size_t i = 0; cert && asks_clients(k) && i < k->c.allow->len; i++) {
        if (is_made_out_to(k, cert, k->c.allow->items[i]))
            return k->c.allow->items[i];
    }
    return NULL;
}
