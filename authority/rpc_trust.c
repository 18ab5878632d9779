/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "proto/msg_trust.h"

#include <stdlib.h>
#include <string.h>

static RESULT check_request(const char *type, bool include_key, enum ca_kind *ret)
{
    if (include_key)
        return err_new(ERR_DENIED, "access denied: private keys are not given away");
    if (!ca_kind_parse(type, ret))
        return err_new(ERR_REJECTED, "\"%s\" authority type is not supported", type);
    return NULL;
}

/* Views into `ca`; the lists are not to be released. */
static struct msg_ca describe(const char *cluster, enum ca_kind kind, const struct authority_ca *ca)
{
    bool is_rotating = ca->phase != CA_STANDBY;
    return (struct msg_ca){
        .type = ca_kind_name(kind),
        .cluster_name = cluster,
        .tls_certs = ca->tls,
        .n_active_tls = 1,
        .ssh_keys = ca->ssh,
        .n_active_ssh = ca_kind_has_ssh(kind) ? 1 : 0,
        .rotation_state = is_rotating ? "in_progress" : "standby",
        .rotation_phase = ca_phase_name(ca->phase),
    };
}

static RESULT find(struct authority *a, const char *cluster, enum ca_kind kind,
                   struct authority_ca *ret)
{
    const struct strlist *leaves = authority_leaves(a);
    if (strcmp(cluster, authority_cluster(a)) == 0)
        return authority_ca(a, kind, ret);
    for (size_t i = 0; i < leaves->len; i++) {
        if (strcmp(cluster, leaves->items[i]) == 0)
            return authority_leaf_ca(a, i, kind, ret);
    }
    return err_new(ERR_NOT_FOUND, "cert authority \"%s\" of cluster \"%s\" is not found",
                   ca_kind_name(kind), cluster);
}

RESULT rpc_cert_authority(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_ca_request_release) struct msg_ca_request wanted = {0};
    CLEANUP(authority_ca_release) struct authority_ca ca = {.phase = CA_STANDBY};
    enum ca_kind kind;
    TRY(msg_ca_request_decode(request, &wanted));
    TRY(check_request(wanted.type, wanted.include_key, &kind));
    TRY(find(c->authority, wanted.domain, kind, &ca));
    const struct msg_ca reply = describe(wanted.domain, kind, &ca);
    return msg_ca_encode(&reply, out);
}

/* The cluster's own authority, and what its leaves have of that kind. */
struct found {
    struct authority_ca *cas;
    struct msg_ca *items;
    size_t len;
};

static void found_release(struct found *f)
{
    for (size_t i = 0; i < f->len; i++)
        authority_ca_release(&f->cas[i]);
    free(f->cas);
    free(f->items);
}

static RESULT add(struct authority *a, const char *cluster, enum ca_kind kind, struct found *f)
{
    TRY(find(a, cluster, kind, &f->cas[f->len]));
    f->items[f->len] = describe(cluster, kind, &f->cas[f->len]);
    f->len++;
    return NULL;
}

static RESULT find_all(struct authority *a, enum ca_kind kind, struct found *f)
{
    const struct strlist *leaves = authority_leaves(a);
    size_t n_leaves = kind == CA_HOST || kind == CA_USER ? leaves->len : 0;
    f->cas = calloc(n_leaves + 1, sizeof(*f->cas));
    f->items = calloc(n_leaves + 1, sizeof(*f->items));
    if (!f->cas || !f->items)
        return err_nomem();
    TRY(add(a, authority_cluster(a), kind, f));
    for (size_t i = 0; i < n_leaves; i++)
        TRY(add(a, leaves->items[i], kind, f));
    return NULL;
}

RESULT rpc_cert_authorities(struct rpc_call *c, struct bytes request, struct buf *out,
                            bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_ca_list_request_release) struct msg_ca_list_request wanted = {0};
    CLEANUP(found_release) struct found found = {.len = 0};
    enum ca_kind kind;
    TRY(msg_ca_list_request_decode(request, &wanted));
    TRY(check_request(wanted.type, wanted.include_key, &kind));
    TRY(find_all(c->authority, kind, &found));
    const struct msg_ca_list reply = {.items = found.items, .len = found.len};
    return msg_ca_list_encode(&reply, out);
}
