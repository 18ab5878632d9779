/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/state.h"

#include "identity/pki/x509.h"

#include <jansson.h>
#include <string.h>

/* Jansson's makers accept NULL for a value that could not be made, and give NULL themselves. */
static json_t *key_json(const struct key *key)
{
    CLEANUP(secret_freep) struct secret *pem = NULL;
    struct err *e = key ? key_to_pem(key, &pem) : NULL;
    if (e) {
        err_ignore(e, "the missing member makes the whole document fail");
        return NULL;
    }
    return key ? json_string(secret_str(pem)) : json_null();
}

static json_t *cert_json(const X509 *cert)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(X509_PEM_MAX);
    struct err *e = x509_to_pem(cert, &pem);
    if (e) {
        err_ignore(e, "the missing member makes the whole document fail");
        return NULL;
    }
    return json_string(buf_str(&pem));
}

static json_t *keys_json(const struct ca_keys *k)
{
    if (!k->tls)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "tls_key", key_json(k->tls), "tls_cert", cert_json(k->cert),
                     "ssh_key", key_json(k->ssh));
}

/* Appends and says whether that worked; takes `item`, which may be NULL. */
static bool append(json_t *list, json_t *item)
{
    return item && json_array_append_new(list, item) == 0;
}

static json_t *cas_json(const struct ca *cas)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (int i = 0; i < CA_KIND_COUNT; i++) {
        if (!append(list,
                    json_pack("{s:s, s:s, s:o, s:o}", "kind", ca_kind_name(cas[i].kind), "phase",
                              ca_phase_name(cas[i].phase), "active", keys_json(&cas[i].active),
                              "additional", keys_json(&cas[i].additional))))
            return NULL;
    }
    return TAKE(list);
}

static json_t *texts_json(const struct strlist *texts)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < texts->len; i++) {
        if (!append(list, json_string(texts->items[i])))
            return NULL;
    }
    return TAKE(list);
}

static json_t *instances_json(const struct bot *bot)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < bot->n_instances; i++) {
        const struct bot_instance *instance = &bot->instances[i];
        if (!append(list, json_pack("{s:s, s:I}", "id", instance->id, "generation",
                                    (json_int_t)instance->generation)))
            return NULL;
    }
    return TAKE(list);
}

static json_t *bots_json(const struct bots *bots)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < bots->len; i++) {
        const struct bot *bot = bots->items[i];
        if (!append(list, json_pack("{s:s, s:o, s:b, s:o}", "name", bot->name, "roles",
                                    texts_json(&bot->roles), "locked", bot->is_locked, "instances",
                                    instances_json(bot))))
            return NULL;
    }
    return TAKE(list);
}

static json_t *tokens_json(const struct tokens *tokens)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < tokens->len; i++) {
        const struct token *token = &tokens->items[i];
        if (!append(list,
                    json_pack("{s:s, s:s}", "value", secret_str(token->value), "bot", token->bot)))
            return NULL;
    }
    return TAKE(list);
}

RESULT state_encode(const struct state *s, struct secret **ret)
{
    CLEANUP(json_decrefp)
    json_t *doc =
        json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "format", STATE_FORMAT, "cluster",
                  s->cluster, "suite", suite_name(s->suite), "authorities", cas_json(s->cas), "web",
                  keys_json(&s->web), "bots", bots_json(&s->bots), "tokens",
                  tokens_json(&s->tokens), "used_tokens", texts_json(&s->tokens.used));
    CLEANUP(freep) char *text = doc ? json_dumps(doc, JSON_INDENT(1)) : NULL;
    if (!text)
        return err_new(ERR_STORAGE, "the state cannot be written as JSON");
    size_t len = strlen(text);
    struct err *e = secret_new(text, len, ret);
    secret_wipe(text, len);
    return e;
}
