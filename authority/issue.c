/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issue.h"

#include "authority/bots.h"
#include "authority/sshsign.h"
#include "authority/x509sign.h"
#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"
#include "identity/pki/x509.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static void name_freep(X509_NAME **p)
{
    X509_NAME_free(*p);
}

/* A bot has no logins; a certificate without any principal would be good for all of them. */
static RESULT make_principals(const struct entropy *entropy, struct strlist *out)
{
    char uuid[BOTS_UUID_SIZE], nologin[64];
    bots_uuid(entropy, uuid);
    snprintf(nologin, sizeof(nologin), "-teleport-nologin-%s", uuid);
    TRY(strlist_add(out, nologin));
    return strlist_add(out, "-teleport-internal-join");
}

/* "" for the absent, which adds nothing. */
static const char *generation_text(const struct issue *issue, char out[24])
{
    if (issue->generation > 0)
        snprintf(out, 24, "%" PRId64, issue->generation);
    else
        out[0] = '\0';
    return out;
}

static const char *flag(bool is_set)
{
    return is_set ? "true" : NULL;
}

static RESULT add_subject(const struct issue *issue, const struct strlist *principals,
                          X509_NAME *subject)
{
    char generation[24];
    const struct {
        const char *oid, *value;
    } single[] = {
        {OID_COMMON_NAME, issue->user},
        {OID_STREET, issue->route_to_cluster},
        {OID_POSTAL_CODE, "null"},
        {OID_TELEPORT_CLUSTER, issue->cluster},
        {OID_RENEWABLE, flag(issue->is_renewable)},
        {OID_GENERATION, generation_text(issue, generation)},
        {OID_IMPERSONATOR, issue->is_impersonated ? issue->user : NULL},
        {OID_DISALLOW_REISSUE, flag(issue->is_impersonated)},
        {OID_BOT_NAME, issue->bot_name},
        {OID_BOT_INSTANCE, issue->instance_id},
    };
    for (size_t i = 0; i < issue->roles->len; i++)
        TRY(x509sign_subject_add(subject, OID_ORGANIZATION, issue->roles->items[i]));
    for (size_t i = 0; i < principals->len; i++)
        TRY(x509sign_subject_add(subject, OID_LOCALITY, principals->items[i]));
    for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
        TRY(x509sign_subject_add(subject, single[i].oid, single[i].value));
    return NULL;
}

static RESULT issue_tls(const struct issue *issue, const struct strlist *principals,
                        const struct ca_keys *ca, const struct entropy *entropy, struct buf *out)
{
    CLEANUP(name_freep) X509_NAME *subject = X509_NAME_new();
    CLEANUP(x509_freep) X509 *cert = NULL;
    if (!subject)
        return err_nomem();
    TRY(add_subject(issue, principals, subject));
    const struct x509sign_leaf leaf = {.public_key = issue->tls_key,
                                       .subject = subject,
                                       .not_before = issue->not_before,
                                       .not_after = issue->not_after};
    TRY(x509sign_leaf(&leaf, ca->cert, key_evp(ca->tls), entropy, &cert));
    return x509_to_pem(cert, out);
}

/* {"version":"v1","roles":["…"]}; caller frees. */
static char *roles_json(const struct strlist *roles)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < roles->len; i++)
        json_array_append_new(list, json_string(roles->items[i]));
    CLEANUP(json_decrefp) json_t *doc = json_pack("{s:s, s:O}", "version", "v1", "roles", list);
    return doc ? json_dumps(doc, JSON_COMPACT) : NULL;
}

static RESULT issue_ssh(const struct issue *issue, const struct strlist *principals,
                        const struct ca_keys *ca, const struct entropy *entropy, struct buf *out)
{
    char generation[24];
    generation_text(issue, generation);
    CLEANUP(freep) char *roles = roles_json(issue->roles);
    if (!roles)
        return err_nomem();
    const struct sshsign_extension all[] = {
        {"permit-X11-forwarding", ""},
        {"permit-agent-forwarding", ""},
        {"permit-port-forwarding", ""},
        {"permit-pty", ""},
        {"teleport-roles", roles},
        {"teleport-route-to-cluster", issue->route_to_cluster},
        {"impersonator", issue->is_impersonated ? issue->user : NULL},
        {"disallow-reissue", issue->is_impersonated ? "" : NULL},
        {"renewable", issue->is_renewable ? "" : NULL},
        {"generation", *generation ? generation : NULL},
        {"bot-name@goteleport.com", issue->bot_name},
        {"bot-instance-id@goteleport.com",
         issue->instance_id && *issue->instance_id ? issue->instance_id : NULL},
    };
    struct sshsign_extension present[SSHSIGN_MAX_EXTENSIONS];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (all[i].value)
            present[n++] = all[i];
    }
    const struct sshsign_cert cert = {.public_key = issue->ssh_key,
                                      .key_id = issue->user,
                                      .principals = principals,
                                      .valid_after = issue->not_before,
                                      .valid_before = issue->not_after,
                                      .extensions = present,
                                      .n_extensions = n};
    CLEANUP(buf_release) struct buf blob = BUF_INIT(SSHSIGN_MAX);
    TRY(sshsign_user(&cert, ca->ssh, entropy, &blob));
    return sshwire_format_line(buf_bytes(&blob), out);
}

RESULT issue_certs(const struct issue *issue, const struct ca_keys *user_ca,
                   const struct entropy *entropy, struct buf *tls, struct buf *ssh)
{
    CLEANUP(strlist_release) struct strlist principals = {0};
    TRY(make_principals(entropy, &principals));
    TRY(issue_tls(issue, &principals, user_ca, entropy, tls));
    return issue_ssh(issue, &principals, user_ca, entropy, ssh);
}
