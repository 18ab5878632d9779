/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/credential_facts.h"

#include "identity/pki/sshcert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SERIAL_SIZE sizeof("18446744073709551615")

const char *credential_kind_name(enum credential_kind kind)
{
    return kind == CREDENTIAL_SSH ? "ssh" : "x509";
}

const char *credential_kind_file(enum credential_kind kind)
{
    return kind == CREDENTIAL_SSH ? "key-cert.pub" : "tlscert";
}

static struct err *fill(const char *subject, const char *serial, struct validity v,
                        const char *file, struct credential_fact *ret)
{
    ret->subject = strdup(subject);
    ret->serial = strdup(serial);
    ret->validity = v;
    TRY(sha256_hex(bytes_of_str(file), ret->sha256));
    return ret->subject && ret->serial ? NULL : err_nomem();
}

static struct err *fill_x509(const struct credentials *c, struct credential_fact *ret)
{
    struct validity v = {credentials_not_before(c), credentials_not_after(c)};
    return fill(credentials_subject(c)->username, credentials_serial(c), v, credentials_tls_pem(c),
                ret);
}

static struct err *fill_ssh(const struct credentials *c, struct credential_fact *ret)
{
    char serial[SERIAL_SIZE];
    const char *line = credentials_ssh_line(c);
    CLEANUP(sshcert_freep) struct sshcert *cert = NULL;
    TRY(sshcert_from_line(bytes_of_str(line), &cert));
    snprintf(serial, sizeof(serial), "%" PRIu64, cert->serial);
    struct validity v = {cert->valid_after, cert->valid_before};
    return fill(cert->key_id, serial, v, line, ret);
}

RESULT credential_facts_of(const struct credentials *c, struct credential_facts *ret)
{
    CLEANUP(credential_facts_release) struct credential_facts f = {0};
    TRY(fill_x509(c, &f.of[CREDENTIAL_X509]));
    TRY(fill_ssh(c, &f.of[CREDENTIAL_SSH]));
    *ret = f;
    f = (struct credential_facts){0};
    return NULL;
}

void credential_facts_release(struct credential_facts *f)
{
    for (size_t i = 0; i < CREDENTIAL_KINDS; i++) {
        free(f->of[i].subject);
        free(f->of[i].serial);
    }
    *f = (struct credential_facts){0};
}
