/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/kube.h"

#include "base/dir.h"

#include <jansson.h>
#include <string.h>

#define LEEWAY_S 10
#define LONGEST_S (30 * 60)
#define SUBJECT_PREFIX "system:serviceaccount:"

static void rule_release(struct kube_rule *r)
{
    free(r->token);
    free(r->bot);
    free(r->account);
}

void kube_release(struct kube *k)
{
    for (size_t i = 0; i < k->n_rules; i++)
        rule_release(&k->rules[i]);
    jwks_release(&k->keys);
    *k = (struct kube){.n_rules = 0};
}

RESULT kube_load_keys(struct kube *k, const char *path)
{
    CLEANUP(buf_freep) struct buf *json = NULL;
    TRY_CTX(file_read(path, JWKS_MAX, &json), "keys of service accounts");
    TRY_CTX(jwks_parse(buf_bytes(json), &k->keys), "'%s'", path);
    return NULL;
}

RESULT kube_add_rule(struct kube *k, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *colon = equals ? strchr(equals, ':') : NULL;
    bool is_whole = equals && equals > text && colon && colon > equals + 1 &&
                    strchr(colon + 1, ':') > colon + 1;
    if (!is_whole || k->n_rules == KUBE_MAX_RULES)
        return err_new(ERR_USAGE, "'%s' is not TOKEN=BOT:NAMESPACE:ACCOUNT, or one too many", text);
    CLEANUP(rule_release)
    struct kube_rule r = {
        .token = strndup(text, (size_t)(equals - text)),
        .bot = strndup(equals + 1, (size_t)(colon - equals) - 1),
        .account = strdup(colon + 1),
    };
    if (!r.token || !r.bot || !r.account)
        return err_nomem();
    k->rules[k->n_rules++] = r;
    r = (struct kube_rule){NULL, NULL, NULL};
    return NULL;
}

static const struct kube_rule *find(const struct kube *k, const char *token)
{
    for (size_t i = 0; i < k->n_rules; i++)
        if (strcmp(k->rules[i].token, token) == 0)
            return &k->rules[i];
    return NULL;
}

bool kube_knows(const struct kube *k, const char *token)
{
    return find(k, token) != NULL;
}

static bool is_text(const json_t *json, const char *text)
{
    const char *value = json_string_value(json);
    return value && strcmp(value, text) == 0;
}

static bool is_for(const json_t *claims, const char *cluster)
{
    const json_t *aud = json_object_get(claims, "aud");
    for (size_t i = 0; i < json_array_size(aud); i++)
        if (is_text(json_array_get(aud, i), cluster))
            return true;
    return is_text(aud, cluster);
}

static RESULT check_times(const json_t *claims, struct wall now)
{
    const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat");
    if (!json_is_integer(exp) || !json_is_integer(iat))
        return err_new(ERR_DENIED, "the service account's token has no 'exp' or no 'iat'");
    json_int_t until = json_integer_value(exp), from = json_integer_value(iat);
    int64_t at = wall_to_unix(now);
    if (until - LEEWAY_S > from + LONGEST_S)
        return err_new(ERR_DENIED, "the service account's token is good for more than 30 minutes");
    if (at > until + LEEWAY_S)
        return err_new(ERR_DENIED, "the service account's token is expired");
    if (at < from - LEEWAY_S)
        return err_new(ERR_DENIED, "the service account's token is used before it was issued");
    return NULL;
}

static RESULT check_account(const json_t *claims, const struct kube_rule *rule)
{
    const char *sub = json_string_value(json_object_get(claims, "sub"));
    size_t prefix = strlen(SUBJECT_PREFIX);
    const json_t *extra = json_object_get(claims, "kubernetes.io");
    if (!sub || strncmp(sub, SUBJECT_PREFIX, prefix) != 0 ||
        strcmp(sub + prefix, rule->account) != 0)
        return err_new(ERR_DENIED, "the service account is not allowed by the token's rules");
    if (!json_is_object(json_object_get(extra, "pod")))
        return err_new(ERR_DENIED, "the service account's token is not bound to a pod");
    return NULL;
}

RESULT kube_judge(const struct kube *k, const char *token, const char *jwt, const char *cluster,
                  struct wall now, const char **ret_bot)
{
    CLEANUP(buf_release) struct buf payload = BUF_INIT(JWKS_MAX);
    const struct kube_rule *rule = find(k, token);
    if (!rule)
        return err_new(ERR_DENIED, "the token is expired or not found");
    TRY(jwks_verify(&k->keys, jwt, &payload));
    CLEANUP(json_decrefp)
    json_t *claims = json_loadb((const char *)payload.data, payload.len, 0, NULL);
    if (!is_for(claims, cluster))
        return err_new(ERR_DENIED, "the service account's token is for another audience");
    TRY(check_times(claims, now));
    TRY(check_account(claims, rule));
    *ret_bot = rule->bot;
    return NULL;
}
