/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "proto/msg_trust.h"

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
static struct msg_ca describe(const struct authority *a, enum ca_kind kind,
                              const struct authority_ca *ca)
{
    bool is_rotating = ca->phase != CA_STANDBY;
    return (struct msg_ca){
        .type = ca_kind_name(kind),
        .cluster_name = authority_cluster(a),
        .tls_certs = ca->tls,
        .n_active_tls = 1,
        .ssh_keys = ca->ssh,
        .n_active_ssh = ca_kind_has_ssh(kind) ? 1 : 0,
        .rotation_state = is_rotating ? "in_progress" : "standby",
        .rotation_phase = ca_phase_name(ca->phase),
    };
}

RESULT rpc_cert_authority(struct rpc_call *c, struct bytes request, struct buf *out, bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_ca_request_release) struct msg_ca_request wanted = {0};
    CLEANUP(authority_ca_release) struct authority_ca ca = {.phase = CA_STANDBY};
    enum ca_kind kind;
    TRY(msg_ca_request_decode(request, &wanted));
    TRY(check_request(wanted.type, wanted.include_key, &kind));
    if (strcmp(wanted.domain, authority_cluster(c->authority)) != 0)
        return err_new(ERR_NOT_FOUND, "cert authority \"%s\" of cluster \"%s\" is not found",
                       wanted.type, wanted.domain);
    TRY(authority_ca(c->authority, kind, &ca));
    const struct msg_ca reply = describe(c->authority, kind, &ca);
    return msg_ca_encode(&reply, out);
}

RESULT rpc_cert_authorities(struct rpc_call *c, struct bytes request, struct buf *out,
                            bool *ret_done)
{
    (void)ret_done;
    CLEANUP(msg_ca_list_request_release) struct msg_ca_list_request wanted = {0};
    CLEANUP(authority_ca_release) struct authority_ca ca = {.phase = CA_STANDBY};
    enum ca_kind kind;
    TRY(msg_ca_list_request_decode(request, &wanted));
    TRY(check_request(wanted.type, wanted.include_key, &kind));
    TRY(authority_ca(c->authority, kind, &ca));
    struct msg_ca item = describe(c->authority, kind, &ca);
    const struct msg_ca_list reply = {.items = &item, .len = 1};
    return msg_ca_list_encode(&reply, out);
}
