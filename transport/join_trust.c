/* SPDX-License-Identifier: Apache-2.0 */
/* What vouches for an auth server that we do not know yet: pins and CA files. */
#include "base/dir.h"
#include "identity/pki/ossl.h"
#include "transport/join_private.h"

#define FILE_MAX ((size_t)1 << 20)

void join_attempt_release(struct join_attempt *a)
{
    free(a->pins);
    x509_stack_freep(&a->roots);
    credentials_free(a->credentials);
}

static RESULT load_pins(struct join_attempt *a)
{
    const struct strlist *pins = a->config->ca_pins;
    if (!pins || pins->len == 0)
        return NULL;
    a->pins = calloc(pins->len, sizeof(*a->pins));
    if (!a->pins)
        return err_nomem();
    for (size_t i = 0; i < pins->len; i++)
        TRY(pin_parse(pins->items[i], &a->pins[i]));
    a->n_pins = pins->len;
    return NULL;
}

static RESULT load_roots(struct join_attempt *a)
{
    const char *path = a->config->ca_path;
    if (!path || !*path || a->n_pins > 0 || a->config->insecure)
        return NULL;
    CLEANUP(buf_freep) struct buf *pem = NULL;
    a->roots = sk_X509_new_null();
    if (!a->roots)
        return err_nomem();
    struct err *e = file_read(path, FILE_MAX, &pem);
    if (!e)
        e = x509_all_from_pem(buf_bytes(pem), a->roots);
    if (!e)
        return NULL;
    /* A setting that is wrong, whatever the reason. Go tbot joins unverified when the file is missing,
     * which is what the setting was made to prevent. */
    return err_set_hint(
        err_wrap_as(ERR_CONFIG, e, "ca_path '%s'", path),
        "Put the PEM certificates of the cluster's host CA there, or use 'ca_pins'.");
}

RESULT join_trust_load(struct join_attempt *a)
{
    TRY(load_pins(a));
    return load_roots(a);
}
