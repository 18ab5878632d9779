/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run of the program left in an output's destination. */
#include "agent/output_job.h"

#include "identity/pki/credentials.h"

#include <string.h>

#define WARNING_MAX 8192

/* The files that make a whole: a key, the two certificates over it, and who signed them. */
struct parts {
    struct secret *tls, *ssh, *key, *cas;
};

static void parts_release(struct parts *p)
{
    secret_free(p->tls);
    secret_free(p->ssh);
    secret_free(p->key);
    secret_free(p->cas);
}

/* `tlscert` is the last file of a set to get its name: without it no set was ever complete. */
static struct err *read_parts(struct destination *d, struct parts *ret)
{
    TRY(destination_read(d, "tlscert", &ret->tls));
    TRY(destination_read(d, "key-cert.pub", &ret->ssh));
    TRY(destination_read(d, "key", &ret->key));
    return destination_read(d, "teleport-host-ca.crt", &ret->cas);
}

/* Refuses parts that are damaged or do not belong together. */
static struct err *assemble(const struct parts *p, struct credentials **ret)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(strlist_release) struct strlist cas = {0};
    TRY_CTX(key_from_pem(secret_bytes(p->key), &key), "private key");
    TRY(strlist_add(&cas, secret_str(p->cas)));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = secret_bytes(p->tls),
        .ssh_cert = secret_bytes(p->ssh),
        .tls_cas = &cas,
    };
    return credentials_new(&parts, ret);
}

static struct err *describe(const struct credentials *creds, struct output_job_result *ret)
{
    const struct subject *s = credentials_subject(creds);
    ret->cluster = strdup(s->routed_to ? s->routed_to : s->cluster);
    ret->validity = (struct validity){credentials_not_before(creds), credentials_not_after(creds)};
    return ret->cluster ? NULL : err_nomem();
}

static struct err *warn(const struct err *why, struct strlist *warnings)
{
    CLEANUP(freep) char *cause = err_text(why);
    CLEANUP(buf_release) struct buf text = BUF_INIT(WARNING_MAX);
    if (!cause)
        return err_nomem();
    TRY(buf_printf(&text,
                   "what an earlier run left cannot be served; the next renewal replaces it: %s",
                   cause));
    return strlist_add(warnings, buf_str(&text));
}

/* Reads what is there; a part that is damaged is an error like one that is missing. */
static struct err *load(struct destination *d, bool *ret_is_empty, struct credentials **ret)
{
    CLEANUP(parts_release) struct parts parts = {0};
    struct err *e = read_parts(d, &parts);
    *ret_is_empty = e && !parts.tls && err_code(e) == ERR_NOT_FOUND;
    TRY(e);
    TRY_CTX(assemble(&parts, ret), "in %s", destination_text(d));
    return NULL;
}

RESULT output_job_load(const struct output_job *job, struct output_job_result *ret)
{
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    bool is_empty = false;
    struct err *e = load(job->destination, &is_empty, &creds);
    if (!e)
        return describe(creds, ret);
    if (err_code(e) == ERR_NOMEM)
        return e;
    if (!is_empty)
        err_ignore(warn(e, &ret->report.warnings), "the error says it as well");
    return err_wrap_as(ERR_NOT_FOUND, e, "nothing to serve from an earlier run");
}
