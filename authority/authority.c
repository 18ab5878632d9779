/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include "authority/say.h"

#include <stdio.h>
#include <string.h>

static const char *const server_versions[] = {"15.4.26", "16.4.14", "17.4.2", "18.2.0"};

const char *authority_cluster(const struct authority *a)
{
    return a->state.cluster;
}

int authority_version(const struct authority *a)
{
    return a->version;
}

const char *authority_server_version(const struct authority *a)
{
    return server_versions[a->version - AUTHORITY_VERSION_MIN];
}

enum suite authority_suite(const struct authority *a)
{
    return a->state.suite;
}

const struct strlist *authority_leaves(const struct authority *a)
{
    return &a->leaves;
}

RESULT authority_set_web_addr(struct authority *a, const char *addr)
{
    free(a->web_addr);
    a->web_addr = strdup(addr);
    return a->web_addr ? NULL : err_nomem();
}

const char *authority_web_addr(const struct authority *a)
{
    return a->web_addr ? a->web_addr : "";
}

struct wall authority_now(const struct authority *a)
{
    const struct fault *skew = faults_find(&a->faults, FAULT_CLOCK_SKEW, NULL);
    struct wall now = clock_wall(a->clock);
    return skew ? wall_add(now, dur_s(skew->number)) : now;
}

struct wall authority_time(struct authority *a)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    return authority_now(a);
}

RESULT authority_save(struct authority *a)
{
    return a->file ? state_file_save(a->file, &a->state) : NULL;
}

static RESULT load_or_generate(struct authority *a, const struct authority_config *config)
{
    struct err *e = err_new(ERR_NOT_FOUND, "kept in memory");
    if (config->state_path) {
        err_ignore(TAKE(e), "there may be a state to load");
        TRY(state_file_open(config->state_path, &a->file));
        e = state_file_load(a->file, &a->state);
    }
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_ignore(e, "the first start");
    TRY(state_generate(config->cluster, config->suite, clock_wall(a->clock), &a->state));
    return authority_save(a);
}

/* A stored cluster is what it is: asking for another one is a mistake worth telling. */
static RESULT check_stored(const struct authority *a, const struct authority_config *config)
{
    if (strcmp(a->state.cluster, config->cluster) != 0)
        return err_new(ERR_USAGE, "the state is of cluster '%s', not '%s'", a->state.cluster,
                       config->cluster);
    if (config->version < 17 && a->state.suite != SUITE_LEGACY)
        return err_new(ERR_USAGE, "version %d knows suite legacy only, the state is %s",
                       config->version, suite_name(a->state.suite));
    return NULL;
}

/* Made anew at each start; with fast keys, whatever the suite. */
static RESULT make_leaves(struct authority *a, const struct strlist *names)
{
    struct wall now = clock_wall(a->clock);
    TRY(strlist_copy(&a->leaves, names));
    if (!names->len)
        return NULL;
    a->leaf_cas = calloc(names->len, sizeof(*a->leaf_cas));
    if (!a->leaf_cas)
        return err_nomem();
    for (size_t i = 0; i < names->len; i++) {
        struct authority_leaf *leaf = &a->leaf_cas[i];
        const char *name = names->items[i];
        TRY(ca_keys_generate(CA_HOST, SUITE_BALANCED_V1, name, now, &leaf->host.active));
        TRY(ca_keys_generate(CA_USER, SUITE_BALANCED_V1, name, now, &leaf->user.active));
    }
    return NULL;
}

RESULT authority_new(const struct authority_config *config, struct authority **ret)
{
    CLEANUP(authority_freep) struct authority *a = calloc(1, sizeof(*a));
    if (!a)
        return err_nomem();
    a->clock = config->clock;
    a->entropy = config->entropy;
    a->version = config->version;
    pthread_mutex_init(&a->lock, NULL);
    TRY(make_leaves(a, config->leaves));
    TRY(load_or_generate(a, config));
    TRY(check_stored(a, config));
    TRY(key_generate(suite_identity_key(a->state.suite), &a->auth_key));
    TRY(key_generate(KEY_ECDSA_P256, &a->web_key));
    TRY(ca_keys_generate(CA_SPIFFE, SUITE_BALANCED_V1, a->state.cluster, clock_wall(a->clock),
                         &a->foreign));
    *ret = TAKE(a);
    return NULL;
}

void authority_free(struct authority *a)
{
    if (!a)
        return;
    for (size_t i = 0; a->leaf_cas && i < a->leaves.len; i++) {
        ca_release(&a->leaf_cas[i].host);
        ca_release(&a->leaf_cas[i].user);
    }
    free(a->leaf_cas);
    kube_release(&a->kube);
    state_release(&a->state);
    state_file_close(a->file);
    strlist_release(&a->leaves);
    free(a->web_addr);
    key_free(a->auth_key);
    key_free(a->web_key);
    ca_keys_release(&a->foreign);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

RESULT authority_add_bot(struct authority *a, const char *name, const struct strlist *roles)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    struct bot *bot = NULL;
    if (bots_find(&a->state.bots, name))
        return NULL;
    TRY(bots_add(&a->state.bots, name, roles, &bot));
    return authority_save(a);
}

RESULT authority_add_token(struct authority *a, const char *value, const char *bot,
                           struct secret **ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    CLEANUP(secret_freep) struct secret *made = NULL;
    if (!bots_find(&a->state.bots, bot))
        return err_new(ERR_NOT_FOUND, "there is no bot '%s'", bot);
    if (value)
        TRY(secret_new(value, strlen(value), &made));
    else
        TRY(tokens_random(a->entropy, &made));
    TRY(tokens_add(&a->state.tokens, secret_str(made), bot));
    TRY(authority_save(a));
    if (ret)
        *ret = TAKE(made);
    return NULL;
}

static RESULT copy_token(struct authority *a, const char *bot, struct secret **ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    const struct secret *known = tokens_of_bot(&a->state.tokens, bot);
    return known ? secret_dup(known, ret) : NULL;
}

RESULT authority_any_token(struct authority *a, const char *bot, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *known = NULL;
    TRY(copy_token(a, bot, &known));
    if (!known)
        return authority_add_token(a, NULL, bot, ret);
    *ret = TAKE(known);
    return NULL;
}

RESULT authority_set_kube(struct authority *a, struct kube *kube)
{
    a->kube = *kube;
    *kube = (struct kube){.n_rules = 0};
    for (size_t i = 0; i < a->kube.n_rules; i++)
        if (!bots_find(&a->state.bots, a->kube.rules[i].bot))
            return err_new(ERR_NOT_FOUND, "there is no bot '%s'", a->kube.rules[i].bot);
    return NULL;
}

const char *authority_method(const struct authority *a, const char *token)
{
    return kube_knows(&a->kube, token) ? "kubernetes" : "token";
}

RESULT authority_check_token(struct authority *a, const char *value)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    const char *bot = NULL;
    return kube_knows(&a->kube, value) ? NULL : tokens_find(&a->state.tokens, value, &bot);
}

RESULT authority_token_was_used(struct authority *a, const char *value, bool *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    return tokens_was_used(&a->state.tokens, value, ret);
}

RESULT authority_set_lock(struct authority *a, const char *name, bool is_locked)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    struct bot *bot = bots_find(&a->state.bots, name);
    if (!bot)
        return err_new(ERR_NOT_FOUND, "there is no bot '%s'", name);
    bot->is_locked = is_locked;
    say("bot '%s' %s by command", bot->name, is_locked ? "locked" : "unlocked");
    return authority_save(a);
}

RESULT authority_bot_of(const struct authority *a, const struct peer *peer, struct bot **ret)
{
    if (!peer->is_known)
        return err_new(ERR_DENIED, "access denied: no client certificate was presented");
    struct bot *bot = bots_find_user(&a->state.bots, peer->subject.username);
    if (!bot)
        return err_new(ERR_DENIED, "access denied: there is no user \"%s\"",
                       peer->subject.username);
    *ret = bot;
    return NULL;
}

RESULT authority_check_peer(struct authority *a, const struct peer *peer)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    struct bot *bot = NULL;
    TRY(authority_bot_of(a, peer, &bot));
    return bot_check_lock(bot);
}

RESULT authority_user_generation(struct authority *a, const char *user, int64_t *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    const struct bot *bot = bots_find_user(&a->state.bots, user);
    if (!bot)
        return err_new(ERR_NOT_FOUND, "user \"%s\" not found", user);
    *ret = bot_generation(bot);
    return NULL;
}

RESULT authority_role(struct authority *a, const char *user, struct strlist *out)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    const struct bot *bot = bots_find_user(&a->state.bots, user);
    if (!bot)
        return err_new(ERR_NOT_FOUND, "role \"%s\" is not found", user);
    return strlist_copy(out, &bot->roles);
}

RESULT authority_add_fault(struct authority *a, const struct fault *fault)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    /* Of what there can be only one, the last counts. */
    if (fault->kind == FAULT_CLOCK_SKEW || fault->kind == FAULT_TTL)
        faults_clear_kind(&a->faults, fault->kind);
    return faults_add(&a->faults, fault);
}

void authority_clear_faults(struct authority *a)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    faults_clear(&a->faults);
}

void authority_clear_fault_kind(struct authority *a, enum fault_kind kind)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    faults_clear_kind(&a->faults, kind);
}

bool authority_take_fault(struct authority *a, enum fault_kind kind, const char *method,
                          struct fault *ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    if (!faults_take(&a->faults, kind, method, ret))
        return false;
    say("fault %s%s%s", fault_kind_name(kind), method ? ": " : "", method ? method : "");
    return true;
}

bool authority_is_down(struct authority *a)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    const struct fault *refuse = faults_find(&a->faults, FAULT_REFUSE, NULL);
    return refuse && !refuse->count;
}

void authority_count(struct authority *a, const char *method)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    size_t i = 0;
    while (i < a->n_counters && strcmp(a->counters[i].method, method) != 0)
        i++;
    if (i == AUTHORITY_MAX_COUNTERS)
        return;
    if (i == a->n_counters)
        snprintf(a->counters[a->n_counters++].method, sizeof(a->counters[i].method), "%s", method);
    a->counters[i].n++;
}
