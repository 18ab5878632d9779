/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/subject.h"

#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define BOT_PREFIX "bot-"

/* The first value of an attribute, or NULL. */
static RESULT first_value(const X509_NAME *name, const char *oid, char **ret)
{
    CLEANUP(strlist_release) struct strlist values = {0};
    TRY(x509_name_values(name, oid, &values));
    *ret = values.len > 0 ? TAKE(values.items[0]) : NULL;
    return NULL;
}

static RESULT flag_value(const X509_NAME *name, const char *oid, bool *ret)
{
    CLEANUP(freep) char *text = NULL;
    TRY(first_value(name, oid, &text));
    *ret = text && strcmp(text, "true") == 0;
    return NULL;
}

static RESULT number_value(const X509_NAME *name, const char *oid, int64_t *ret)
{
    CLEANUP(freep) char *text = NULL;
    TRY(first_value(name, oid, &text));
    int64_t number = 0;
    if (text) {
        char *end = NULL;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (!isdigit((unsigned char)text[0]) || *end || errno)
            return err_new(ERR_CRYPTO, "generation '%.32s' is not a number", text);
    }
    *ret = number;
    return NULL;
}

static RESULT read_bot_name(const X509_NAME *name, struct subject_texts *texts)
{
    TRY(first_value(name, OID_BOT_NAME, &texts->bot_name));
    if (texts->bot_name)
        return NULL;
    bool is_bot = strncmp(texts->username, BOT_PREFIX, strlen(BOT_PREFIX)) == 0;
    texts->bot_name = strdup(texts->username + (is_bot ? strlen(BOT_PREFIX) : 0));
    return texts->bot_name ? NULL : err_nomem();
}

static RESULT read_texts(const X509 *cert, struct subject_texts *texts)
{
    const X509_NAME *name = X509_get_subject_name(cert);
    TRY(first_value(name, OID_COMMON_NAME, &texts->username));
    if (!texts->username || !*texts->username)
        return err_new(ERR_CRYPTO, "the subject has no user name (CN)");
    TRY(first_value(X509_get_issuer_name(cert), OID_ORGANIZATION, &texts->cluster));
    if (!texts->cluster || !*texts->cluster)
        return err_new(ERR_CRYPTO, "the issuer has no cluster name (O)");
    TRY(x509_name_values(name, OID_ORGANIZATION, &texts->roles));
    TRY(first_value(name, OID_BOT_INSTANCE, &texts->bot_instance));
    TRY(first_value(name, OID_STREET, &texts->routed_to));
    return read_bot_name(name, texts);
}

RESULT subject_read(const X509 *cert, struct subject_texts *texts, struct subject *ret)
{
    const X509_NAME *name = X509_get_subject_name(cert);
    struct subject s = {0};
    TRY(read_texts(cert, texts));
    TRY(flag_value(name, OID_RENEWABLE, &s.renewable));
    TRY(flag_value(name, OID_DISALLOW_REISSUE, &s.disallow_reissue));
    TRY(number_value(name, OID_GENERATION, &s.generation));
    s.username = texts->username;
    s.cluster = texts->cluster;
    s.roles = &texts->roles;
    s.bot_name = texts->bot_name;
    s.bot_instance = texts->bot_instance;
    s.routed_to = texts->routed_to;
    *ret = s;
    return NULL;
}

void subject_release(struct subject_texts *texts)
{
    free(texts->username);
    free(texts->cluster);
    free(texts->bot_name);
    free(texts->bot_instance);
    free(texts->routed_to);
    strlist_release(&texts->roles);
    *texts = (struct subject_texts){0};
}
