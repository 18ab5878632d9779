/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/trust.h"

#include "base/dir.h"
#include "identity/pki/ossl.h"
#include "transport/authapi.h"
#include "transport/dial.h"

#define FILE_MAX ((size_t)1 << 20)

void trust_release(struct trust *t)
{
    free(t->pins);
    x509_stack_freep(&t->roots);
    *t = (struct trust){0};
}

bool trust_is_given(const struct trust *t)
{
    return t->n_pins > 0 || t->roots;
}

/* --- what the configuration gives --- */

static RESULT load_pins(const struct strlist *pins, struct trust *t)
{
    if (!pins || pins->len == 0)
        return NULL;
    t->pins = calloc(pins->len, sizeof(*t->pins));
    if (!t->pins)
        return err_nomem();
    for (size_t i = 0; i < pins->len; i++)
        TRY(pin_parse(pins->items[i], &t->pins[i]));
    t->n_pins = pins->len;
    return NULL;
}

static RESULT load_file(const char *path, struct trust *t)
{
    CLEANUP(buf_freep) struct buf *pem = NULL;
    t->roots = sk_X509_new_null();
    if (!t->roots)
        return err_nomem();
    struct err *e = file_read(path, FILE_MAX, &pem);
    if (!e)
        e = x509_all_from_pem(buf_bytes(pem), t->roots);
    if (!e)
        return NULL;
    /* A setting that is wrong, whatever the reason. Go tbot joins unverified when the file is missing,
     * which is what the setting was made to prevent. */
    return err_set_hint(
        err_wrap_as(ERR_CONFIG, e, "ca_path '%s'", path),
        "Put the PEM certificates of the cluster's host CA there, or use 'ca_pins'.");
}

RESULT trust_load(const struct strlist *ca_pins, const char *ca_path, struct trust *ret)
{
    CLEANUP(trust_release) struct trust t = {0};
    TRY(load_pins(ca_pins, &t));
    if (t.n_pins == 0 && ca_path && *ca_path)
        TRY(load_file(ca_path, &t));
    *ret = t;
    t = (struct trust){0};
    return NULL;
}

/* --- what the server shows --- */

struct err *trust_dial(void *door, struct credentials *creds, const struct ctx *ctx,
                       struct tls **ret)
{
    const struct trust_door *d = door;
    (void)creds;
    struct route_trust trust = {.roots = d->roots};
    struct route_tls tls;
    TRY(route_auth(d->route, d->cluster, &trust, &tls));
    return dial_tls(d->address, &tls.config, ctx, ret);
}

static RESULT fetch(const struct trust_door *door, const struct ctx *ctx,
                    struct stack_st_X509 *certs)
{
    struct trust_door anybody = *door;
    anybody.roots = NULL;
    const struct channel_config config = {.dial = trust_dial, .arg = &anybody};
    CLEANUP(channel_freep) struct channel *ch = NULL;
    CLEANUP(msg_cluster_ca_release) struct msg_cluster_ca ca = {0};
    TRY(channel_new(&config, &ch));
    const struct authapi api = {.channel = ch};
    TRY_CTX(authapi_cluster_ca(&api, ctx, &ca), "fetch the CA to compare with the pins");
    struct err *e = x509_all_from_pem(bytes_of_str(ca.tls_ca), certs);
    return e ? err_wrap_as(ERR_PROTOCOL, e, "the cluster's CA") : NULL;
}

static RESULT check_times(struct stack_st_X509 *certs, const struct ctx *ctx)
{
    struct wall now = clock_wall(ctx->clock);
    for (int i = 0; i < sk_X509_num(certs); i++)
        TRY_CTX(x509_check_time(sk_X509_value(certs, i), now), "the cluster's CA");
    return NULL;
}

/* Asks anybody for the cluster's CA and takes it only if the pins vouch for it. */
static RESULT fetch_pinned(const struct trust *t, const struct trust_door *door,
                           const struct ctx *ctx, struct stack_st_X509 **ret)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    TRY(fetch(door, ctx, certs));
    TRY(pin_match(t->pins, t->n_pins, certs));
    TRY(check_times(certs, ctx));
    *ret = TAKE(certs);
    return NULL;
}

RESULT trust_ask(const struct trust *t, const struct trust_door *door, const struct ctx *ctx,
                 struct stack_st_X509 **ret)
{
    if (t->n_pins > 0)
        return fetch_pinned(t, door, ctx, ret);
    if (!t->roots)
        return err_new(ERR_BUG, "nothing vouches for '%s'", door->address->host);
    *ret = X509_chain_up_ref(t->roots);
    return *ret ? NULL : err_nomem();
}
