/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run of the program left in an output's destination. */
#include "agent/output_job.h"

#include "agent/output_files.h"
#include "agent/output_identity.h"

#include <string.h>

#define COMPLETED "an earlier run ended between two files of a set: completed from its 'identity'"
#define UNUSABLE "what an earlier run left cannot be served; the next renewal replaces it: "

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
    TRY(credential_facts_of(creds, &ret->facts));
    ret->cluster = strdup(s->routed_to ? s->routed_to : s->cluster);
    ret->validity = (struct validity){credentials_not_before(creds), credentials_not_after(creds)};
    return ret->cluster ? NULL : err_nomem();
}

/* Reads what is there; a part that is damaged is an error like one that is missing. */
static struct err *load(struct destination *d, struct credentials **ret)
{
    CLEANUP(parts_release) struct parts parts = {0};
    TRY(read_parts(d, &parts));
    TRY_CTX(assemble(&parts, ret), "in %s", destination_text(d));
    return NULL;
}

static struct err *load_identity(struct destination *d, struct credentials **ret)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(destination_read(d, "identity", &text));
    return output_identity_read(text, ret);
}

static bool is_newer(const struct credentials *a, const struct credentials *b)
{
    return wall_before(credentials_not_before(b), credentials_not_before(a));
}

static struct err *publish_again(struct destination *d, const struct credentials *creds)
{
    CLEANUP(output_files_release) struct output_files files = {0};
    CLEANUP(destination_report_release) struct destination_report report = {0};
    TRY(output_files_add_credentials(&files, creds));
    return destination_publish(d, files.items, files.len, &report);
}

/*
 * A run that ended between two renames leaves files of two renewals. `identity` holds a whole set in
 * one file and gets its name before them: from it the others can be made, without the cluster. *ret
 * stays what it was where that fails.
 */
static struct err *complete(struct destination *d, struct destination_report *report,
                            struct credentials **ret)
{
    CLEANUP(credentials_freep) struct credentials *whole = NULL, *now = NULL;
    TRY(load_identity(d, &whole));
    if (*ret && !is_newer(whole, *ret))
        return NULL;
    TRY(publish_again(d, whole));
    TRY(load(d, &now));
    credentials_free(*ret);
    *ret = TAKE(now);
    return strlist_add(&report->warnings, COMPLETED);
}

static bool is_missing(struct destination *d, const char *name)
{
    CLEANUP(secret_freep) struct secret *content = NULL;
    struct err *e = destination_read(d, name, &content);
    bool is_gone = err_code(e) == ERR_NOT_FOUND;
    err_free(e);
    return is_gone;
}

RESULT output_job_load(const struct output_job *job, struct output_job_result *ret)
{
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    struct destination *d = job->destination;
    CLEANUP(err_freep) struct err *e = load(d, &creds);
    if (err_code(e) == ERR_NOMEM)
        return TAKE(e);
    err_ignore(complete(d, &ret->report, &creds), "what was loaded, or was not, says enough");
    if (creds)
        return describe(creds, ret);
    if (!is_missing(d, "tlscert") || !is_missing(d, "identity"))
        err_ignore(destination_report_warn(&ret->report, UNUSABLE, e, ""), "the error says it too");
    return err_wrap_as(ERR_NOT_FOUND, TAKE(e), "nothing to serve from an earlier run");
}
