/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/join_trust.h"

#include "base/dir.h"
#include "identity/pki/ossl.h"
#include "transport/authapi.h"

#define FILE_MAX ((size_t)1 << 20)

void join_pins_release(struct join_pins *pins)
{
    free(pins->items);
    *pins = (struct join_pins){0};
}

RESULT join_trust_pins(const struct strlist *texts, struct join_pins *ret)
{
    CLEANUP(join_pins_release) struct join_pins pins = {0};
    if (!texts || texts->len == 0)
        return NULL;
    pins.items = calloc(texts->len, sizeof(*pins.items));
    if (!pins.items)
        return err_nomem();
    for (; pins.len < texts->len; pins.len++)
        TRY(pin_parse(texts->items[pins.len], &pins.items[pins.len]));
    *ret = pins;
    pins = (struct join_pins){0};
    return NULL;
}

static RESULT read_certificates(const char *path, struct stack_st_X509 *into)
{
    CLEANUP(buf_freep) struct buf *pem = NULL;
    TRY(file_read(path, FILE_MAX, &pem));
    return x509_all_from_pem(buf_bytes(pem), into);
}

RESULT join_trust_file(const char *path, struct stack_st_X509 **ret)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    struct err *e = read_certificates(path, certs);
    if (e)
        return err_set_hint(
            err_wrap_as(ERR_CONFIG, e, "ca_path '%s'", path),
            "Put the PEM certificates of the cluster's host CA there, or use 'ca_pins'.");
    *ret = TAKE(certs);
    return NULL;
}

static RESULT check_times(struct stack_st_X509 *certs, const struct ctx *ctx)
{
    struct wall now = clock_wall(ctx->clock);
    for (int i = 0; i < sk_X509_num(certs); i++)
        TRY_CTX(x509_check_time(sk_X509_value(certs, i), now), "the cluster's CA");
    return NULL;
}

RESULT join_trust_fetch(struct channel *ch, const struct join_pins *pins, const struct ctx *ctx,
                        struct stack_st_X509 **ret)
{
    const struct authapi api = {.channel = ch};
    CLEANUP(msg_cluster_ca_release) struct msg_cluster_ca ca = {0};
    TRY_CTX(authapi_cluster_ca(&api, ctx, &ca), "fetch the CA to compare with the pins");
    CLEANUP(x509_stack_freep) struct stack_st_X509 *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    struct err *e = x509_all_from_pem(bytes_of_str(ca.tls_ca), certs);
    if (e)
        return err_wrap_as(ERR_PROTOCOL, e, "the cluster's CA");
    TRY(pin_match(pins->items, pins->len, certs));
    TRY(check_times(certs, ctx));
    *ret = TAKE(certs);
    return NULL;
}
