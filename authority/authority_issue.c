/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include "authority/issue.h"
#include "authority/pubkey.h"
#include "authority/say.h"
#include "identity/pki/ossl.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_TTL dur_s(3600)
#define BACKDATED dur_s(-60)

void certs_release(struct certs *c)
{
    buf_release(&c->tls);
    buf_release(&c->ssh);
    strlist_release(&c->tls_cas);
    strlist_release(&c->ssh_cas);
}

RESULT certs_encode(const struct certs *c, struct buf *out)
{
    const struct msg_certs m = {.ssh = buf_str(&c->ssh),
                                .tls = buf_str(&c->tls),
                                .tls_cas = c->tls_cas,
                                .ssh_cas = c->ssh_cas};
    return msg_certs_encode(&m, out);
}

/* The keys of one request, in both forms. */
struct keys {
    struct buf ssh; /* blob */
    EVP_PKEY *tls;
};

static void keys_release(struct keys *k)
{
    buf_release(&k->ssh);
    EVP_PKEY_free(k->tls);
}

/* One line for both certificates: all that versions up to 16 know. */
static RESULT keys_of_line(const char *line, struct keys *out)
{
    TRY(pubkey_blob_of_line(bytes_of_str(line), &out->ssh));
    return pubkey_of_blob(buf_bytes(&out->ssh), &out->tls);
}

static RESULT keys_of_request(const struct authority *a, const struct msg_user_certs_request *r,
                              struct keys *out)
{
    bool is_split = *r->ssh_public_key || *r->tls_public_key;
    if (a->version < 17 || !is_split)
        return keys_of_line(r->public_key, out);
    TRY(pubkey_blob_of_line(bytes_of_str(r->ssh_public_key), &out->ssh));
    return pubkey_of_pem(bytes_of_str(r->tls_public_key), &out->tls);
}

static struct dur longest_ttl(const struct authority *a)
{
    const struct fault *cap = faults_find(&a->faults, FAULT_TTL, NULL);
    if (cap)
        return dur_s(cap->number);
    return dur_s(a->version < 17 ? 24 * 3600 : 7 * 24 * 3600);
}

static RESULT choose_validity(struct authority *a, struct wall wanted, struct issue *issue)
{
    struct wall now = authority_now(a);
    if (wanted.ns == WALL_NONE.ns)
        wanted = wall_add(now, DEFAULT_TTL);
    if (!wall_before(now, wanted))
        return err_new(ERR_DENIED, "client credentials have expired");
    issue->not_before = wall_add(now, BACKDATED);
    issue->not_after = wall_min(wanted, wall_add(now, longest_ttl(a)));
    if (faults_take(&a->faults, FAULT_EXPIRE, NULL, NULL)) {
        say("fault expire: a certificate that has expired");
        issue->not_before = wall_add(now, dur_s(-3600));
        issue->not_after = wall_add(now, dur_s(-1));
    }
    return NULL;
}

static RESULT add_cas(const struct ca *ca, struct certs *out)
{
    TRY(ca_trusted_tls(ca, &out->tls_cas));
    return ca_trusted_ssh(ca, &out->ssh_cas);
}

static RESULT sign(const struct authority *a, const struct issue *issue, struct certs *out)
{
    const struct ca *user = &a->state.cas[CA_USER];
    TRY(issue_certs(issue, &user->active, a->entropy, &out->tls, &out->ssh));
    /* Identities for outputs come with the user CA alone; a client adds the host CA itself. */
    if (!issue->is_impersonated)
        TRY(add_cas(&a->state.cas[CA_HOST], out));
    return add_cas(user, out);
}

/* The bot's own; renewable where it has a generation. */
static RESULT sign_own(const struct authority *a, const struct bot *bot, struct issue *issue,
                       struct certs *out)
{
    CLEANUP(strlist_release) struct strlist roles = {0};
    TRY(strlist_add(&roles, bot->user));
    issue->cluster = a->state.cluster;
    issue->user = bot->user;
    issue->bot_name = a->version > 15 ? bot->name : NULL;
    issue->roles = &roles;
    issue->is_renewable = issue->generation > 0;
    issue->route_to_cluster = a->state.cluster;
    return sign(a, issue, out);
}

/* The bot that a token lets in. One of the method `kubernetes` is not used up. */
static RESULT find_bot(struct authority *a, const struct authority_join *join, bool is_delegated,
                       struct bot **ret)
{
    const char *name = NULL;
    if (is_delegated)
        TRY(kube_judge(&a->kube, join->token, join->id_token ? join->id_token : "",
                       a->state.cluster, authority_now(a), &name));
    else
        TRY(tokens_find(&a->state.tokens, join->token, &name));
    if (strcmp(join->role, "Bot") != 0)
        return err_new(ERR_REJECTED, "the token does not allow role '%s'", join->role);
    *ret = bots_find(&a->state.bots, name);
    return *ret ? NULL : err_new(ERR_DENIED, "the token is for a bot that does not exist");
}

/* What cannot be renewed has no generation, and nothing is kept of it. */
static RESULT join_once(struct authority *a, struct bot *bot, struct issue *issue,
                        struct certs *ret)
{
    TRY(bot_check_lock(bot));
    TRY(sign_own(a, bot, issue, ret));
    say("bot '%s' joined by a service account", bot->name);
    return NULL;
}

static RESULT join_for_good(struct authority *a, struct bot *bot, const char *token,
                            struct issue *issue, struct certs *ret)
{
    const char *instance = issue->instance_id;
    TRY(bot_join(bot, instance, &issue->generation));
    TRY(sign_own(a, bot, issue, ret));
    TRY(tokens_use(&a->state.tokens, token));
    TRY(authority_save(a));
    say("bot '%s' joined%s%s, generation %" PRId64, bot->name, *instance ? " as instance " : "",
        instance, issue->generation);
    return NULL;
}

RESULT authority_join(struct authority *a, const struct authority_join *join, struct certs *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    char instance[BOTS_UUID_SIZE] = "";
    struct bot *bot = NULL;
    bool is_delegated = kube_knows(&a->kube, join->token);
    TRY(find_bot(a, join, is_delegated, &bot));
    struct issue issue = {
        .ssh_key = join->ssh_key, .tls_key = join->tls_key, .instance_id = instance};
    TRY(choose_validity(a, join->expires, &issue));
    if (a->version > 15)
        bots_uuid(a->entropy, instance);
    if (is_delegated)
        return join_once(a, bot, &issue, ret);
    return join_for_good(a, bot, join->token, &issue, ret);
}

/* The step that cannot be taken back: durable before anything is signed, or refused for good. */
static RESULT advance(struct authority *a, struct bot *bot, const struct peer *peer,
                      struct issue *issue)
{
    struct err *refused =
        bot_renew(bot, issue->instance_id, peer->subject.generation, &issue->generation);
    if (refused && bot->is_locked)
        say("bot '%s' is locked: generation %" PRId64 " was presented", bot->name,
            peer->subject.generation);
    struct err *unsaved = authority_save(a);
    if (refused) {
        say_err("saving the lock", unsaved);
        return refused;
    }
    return unsaved;
}

static RESULT renew(struct authority *a, struct bot *bot, const struct peer *peer,
                    const struct msg_user_certs_request *request, struct certs *ret)
{
    CLEANUP(keys_release) struct keys keys = {.ssh = BUF_INIT(PUBKEY_MAX)};
    if (!peer->subject.renewable)
        return err_new(ERR_DENIED, "access denied: the certificate is not renewable");
    struct issue issue = {.instance_id =
                              peer->subject.bot_instance ? peer->subject.bot_instance : ""};
    TRY(choose_validity(a, request->expires, &issue));
    TRY(advance(a, bot, peer, &issue));
    TRY(keys_of_request(a, request, &keys));
    issue.ssh_key = buf_bytes(&keys.ssh);
    issue.tls_key = keys.tls;
    TRY(sign_own(a, bot, &issue, ret));
    say("bot '%s' renewed, generation %" PRId64, bot->name, issue.generation);
    return NULL;
}

static RESULT check_roles(const struct bot *bot, const struct strlist *wanted)
{
    if (!wanted->len)
        return err_new(ERR_DENIED, "access denied: no roles were requested");
    for (size_t i = 0; i < wanted->len; i++) {
        if (!strlist_has(&bot->roles, wanted->items[i]))
            return err_new(ERR_DENIED,
                           "access denied: user \"%s\" has requested role impersonation for "
                           "role \"%s\", which it may not",
                           bot->user, wanted->items[i]);
    }
    return NULL;
}

static RESULT check_route(const struct authority *a, const char *cluster)
{
    if (!*cluster || strcmp(cluster, a->state.cluster) == 0 || strlist_has(&a->leaves, cluster))
        return NULL;
    return err_new(ERR_NOT_FOUND, "cluster \"%s\" is not found", cluster);
}

static RESULT impersonate(struct authority *a, struct bot *bot, const struct peer *peer,
                          const struct msg_user_certs_request *request, struct certs *ret)
{
    CLEANUP(keys_release) struct keys keys = {.ssh = BUF_INIT(PUBKEY_MAX)};
    TRY(check_roles(bot, &request->role_requests));
    TRY(check_route(a, request->route_to_cluster));
    TRY(keys_of_request(a, request, &keys));
    struct issue issue = {
        .cluster = a->state.cluster,
        .user = bot->user,
        .bot_name = a->version > 15 ? bot->name : NULL,
        .instance_id = peer->subject.bot_instance,
        .roles = &request->role_requests,
        .route_to_cluster =
            *request->route_to_cluster ? request->route_to_cluster : a->state.cluster,
        .is_impersonated = true,
        .ssh_key = buf_bytes(&keys.ssh),
        .tls_key = keys.tls,
    };
    TRY(choose_validity(a, request->expires, &issue));
    TRY(sign(a, &issue, ret));
    say("bot '%s' got an identity for an output", bot->name);
    return NULL;
}

RESULT authority_generate(struct authority *a, const struct peer *peer,
                          const struct msg_user_certs_request *request, struct certs *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    struct bot *bot = NULL;
    TRY(authority_bot_of(a, peer, &bot));
    TRY(bot_check_lock(bot));
    if (peer->subject.disallow_reissue)
        return err_new(ERR_DENIED, "access denied: this certificate cannot be reissued");
    if (strcmp(request->username, bot->user) != 0)
        return err_new(ERR_DENIED, "access denied: user \"%s\" asks for certificates of \"%s\"",
                       bot->user, request->username);
    if (request->use_role_requests)
        return impersonate(a, bot, peer, request, ret);
    return renew(a, bot, peer, request, ret);
}
