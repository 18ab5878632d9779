/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files.h"

#include "agent/output_files_text.h"
#include "identity/pki/bundle.h"
#include "identity/pki/ossl.h"

#include <string.h>

#define FILE_MODE 0600

/* What an item's pointers point into. */
struct output_owned {
    char *name;
    char *text;
    struct secret *secret;
};

static void release_owned(struct output_owned *o)
{
    free(o->name);
    free(o->text);
    secret_free(o->secret);
}

void output_files_release(struct output_files *f)
{
    for (size_t i = 0; i < f->len; i++)
        release_owned(&f->owned[i]);
    free(f->owned);
    free(f->items);
    *f = (struct output_files){0};
}

static RESULT make_room(struct output_files *f)
{
    if (f->len < f->cap)
        return NULL;
    if (f->len >= OUTPUT_FILES_MAX)
        return err_new(ERR_REJECTED, "an output of more than %d files", OUTPUT_FILES_MAX);

    size_t cap = f->cap ? f->cap * 2 : 16;
    struct dir_file *items = reallocarray(f->items, cap, sizeof(*items));
    if (!items)
        return err_nomem();
    f->items = items;
    struct output_owned *owned = reallocarray(f->owned, cap, sizeof(*owned));
    if (!owned)
        return err_nomem();
    f->owned = owned;
    f->cap = cap;
    return NULL;
}

static bool has(const struct output_files *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The last step of adding: `o` is taken over on success. */
static RESULT append(struct output_files *f, struct output_owned *o, struct bytes content)
{
    /* Two clusters of one name would write one file twice. */
    if (has(f, o->name))
        return err_new(ERR_PROTOCOL, "two files of the name '%s'", o->name);
    TRY(make_room(f));
    f->items[f->len] = (struct dir_file){.name = o->name, .content = content, .mode = FILE_MODE};
    f->owned[f->len++] = *o;
    *o = (struct output_owned){0};
    return NULL;
}

RESULT output_files_add(struct output_files *f, const char *name, struct bytes content)
{
    CLEANUP(release_owned) struct output_owned o = {.name = strdup(name)};

    o.text = malloc(content.len + 1);
    if (!o.name || !o.text)
        return err_nomem();
    if (content.len)
        memcpy(o.text, content.data, content.len);
    o.text[content.len] = '\0';
    return append(f, &o, (struct bytes){(const uint8_t *)o.text, content.len});
}

RESULT output_files_add_secret(struct output_files *f, const char *name, struct secret *content)
{
    CLEANUP(release_owned) struct output_owned o = {.name = strdup(name), .secret = content};

    if (!o.name)
        return err_nomem();
    return append(f, &o, secret_bytes(content));
}

RESULT output_files_add_credentials(struct output_files *f, const struct credentials *creds)
{
    struct key *key = credentials_key(creds);
    CLEANUP(buf_freep) struct buf *public = buf_new(OUTPUT_FILES_MAX_SIZE);
    CLEANUP(secret_freep) struct secret *private = NULL;

    if (!public)
        return err_nomem();
    TRY(key_public_ssh(key, public));
    TRY(key_to_pem(key, &private));
    TRY(output_files_add(f, "key.pub", buf_bytes(public)));
    TRY(output_files_add(f, "key-cert.pub", bytes_of_str(credentials_ssh_line(creds))));
    TRY(output_files_add_secret(f, "key", TAKE(private)));
    return output_files_add(f, "tlscert", bytes_of_str(credentials_tls_pem(creds)));
}

static RESULT add_certs(const struct strlist *pems, struct buf *out)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *certs = NULL;

    TRY(bundle_from_pems(pems, &certs));
    return bundle_to_pem(certs, out);
}

/* All but the key, which comes first. */
static RESULT add_identity_public(const struct credentials *creds, const char *cluster,
                                  struct buf *out)
{
    const struct strlist *ssh_cas = credentials_ssh_cas(creds);

    TRY(buf_add_str(out, credentials_ssh_line(creds)));
    TRY(buf_add_str(out, credentials_tls_pem(creds)));
    for (size_t i = 0; i < ssh_cas->len; i++) {
        TRY(buf_printf(out, "@cert-authority %s,*.%s ", cluster, cluster));
        TRY(output_text_add_key(out, ssh_cas->items[i]));
        TRY(buf_add_str(out, " type=host\n"));
    }
    return bundle_to_pem(credentials_roots(creds), out);
}

RESULT output_files_add_identity(struct output_files *f, const struct credentials *creds,
                                 const char *cluster)
{
    CLEANUP(buf_freep) struct buf *public = buf_new(OUTPUT_FILES_MAX_SIZE);
    CLEANUP(secret_freep) struct secret *key = NULL, *whole = NULL;

    if (!public)
        return err_nomem();
    TRY(output_text_check_cluster(cluster));
    TRY_CTX(add_identity_public(creds, cluster, public), "write the identity file");
    TRY(key_to_pem(credentials_key(creds), &key));
    struct bytes first = secret_bytes(key);
    TRY(secret_with_room(first.len + public->len, &whole));
    TRY(secret_append(whole, first.data, first.len));
    TRY(secret_append(whole, public->data, public->len));
    return output_files_add_secret(f, "identity", TAKE(whole));
}

static RESULT add_ca_file(struct output_files *f, const char *name, const struct strlist *pems)
{
    CLEANUP(buf_freep) struct buf *text = buf_new(OUTPUT_FILES_MAX_SIZE);

    if (!text)
        return err_nomem();
    TRY_CTX(add_certs(pems, text), "write '%s'", name);
    return output_files_add(f, name, buf_bytes(text));
}

RESULT output_files_add_cas(struct output_files *f, const struct output_cas *cas)
{
    TRY(add_ca_file(f, "teleport-host-ca.crt", cas->host));
    TRY(add_ca_file(f, "teleport-user-ca.crt", cas->user));
    return add_ca_file(f, "teleport-database-ca.crt", cas->database);
}

RESULT output_files_build(const struct output_inputs *in, struct output_files *ret)
{
    CLEANUP(output_files_release) struct output_files files = {0};

    if (in->with_ssh)
        TRY_CTX(output_files_add_ssh(&files, &in->ssh), "write the SSH files");
    TRY(output_files_add_cas(&files, &in->cas));
    TRY(output_files_add_identity(&files, in->creds, in->cluster));
    TRY(output_files_add_credentials(&files, in->creds));
    *ret = files;
    files = (struct output_files){0};
    return NULL;
}
