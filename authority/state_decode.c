/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/state.h"

#include "identity/pki/x509.h"

#include <jansson.h>
#include <string.h>

static struct err *malformed(const char *what)
{
    return err_new(ERR_STORAGE, "%s is missing or malformed", what);
}

static RESULT text_of(const json_t *object, const char *member, const char **ret)
{
    const char *text = json_string_value(json_object_get(object, member));
    if (!text)
        return malformed(member);
    *ret = text;
    return NULL;
}

static RESULT list_of(const json_t *object, const char *member, size_t max, json_t **ret)
{
    json_t *list = json_object_get(object, member);
    if (!json_is_array(list) || json_array_size(list) > max)
        return malformed(member);
    *ret = list;
    return NULL;
}

static RESULT decode_keys(const json_t *object, bool has_ssh, struct ca_keys *out)
{
    const char *key = NULL, *cert = NULL, *ssh = NULL;
    TRY(text_of(object, "tls_key", &key));
    TRY(text_of(object, "tls_cert", &cert));
    TRY(key_from_pem(bytes_of_str(key), &out->tls));
    TRY(x509_from_pem(bytes_of_str(cert), &out->cert));
    if (!has_ssh)
        return NULL;
    TRY(text_of(object, "ssh_key", &ssh));
    return key_from_pem(bytes_of_str(ssh), &out->ssh);
}

static RESULT decode_ca(const json_t *object, struct ca cas[CA_KIND_COUNT])
{
    const char *kind_text = NULL, *phase = NULL;
    enum ca_kind kind;
    TRY(text_of(object, "kind", &kind_text));
    TRY(text_of(object, "phase", &phase));
    if (!ca_kind_parse(kind_text, &kind) || cas[kind].active.tls)
        return malformed("kind");
    struct ca *ca = &cas[kind];
    ca->kind = kind;
    if (!ca_phase_parse(phase, &ca->phase))
        return malformed("phase");
    TRY_CTX(decode_keys(json_object_get(object, "active"), ca_kind_has_ssh(kind), &ca->active),
            "active");
    const json_t *additional = json_object_get(object, "additional");
    bool is_expected = ca->phase != CA_STANDBY;
    if (!additional || is_expected != json_is_object(additional))
        return malformed("additional");
    return is_expected ? decode_keys(additional, ca_kind_has_ssh(kind), &ca->additional) : NULL;
}

static RESULT decode_cas(const json_t *doc, struct ca cas[CA_KIND_COUNT])
{
    json_t *list = NULL;
    TRY(list_of(doc, "authorities", CA_KIND_COUNT, &list));
    if (json_array_size(list) != CA_KIND_COUNT)
        return malformed("authorities");
    for (size_t i = 0; i < CA_KIND_COUNT; i++)
        TRY(decode_ca(json_array_get(list, i), cas));
    return NULL;
}

static RESULT decode_texts(const json_t *object, const char *member, size_t max,
                           struct strlist *out)
{
    json_t *list = NULL;
    TRY(list_of(object, member, max, &list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text)
            return malformed(member);
        TRY(strlist_add(out, text));
    }
    return NULL;
}

static RESULT decode_instance(const json_t *object, struct bot_instance *out)
{
    const char *id = NULL;
    TRY(text_of(object, "id", &id));
    const json_t *generation = json_object_get(object, "generation");
    if (strlen(id) >= sizeof(out->id))
        return malformed("id");
    if (!json_is_integer(generation))
        return malformed("generation");
    memcpy(out->id, id, strlen(id) + 1);
    out->generation = json_integer_value(generation);
    return NULL;
}

static RESULT decode_bot(const json_t *object, struct bots *bots)
{
    CLEANUP(strlist_release) struct strlist roles = {0};
    const char *name = NULL;
    struct bot *bot = NULL;
    json_t *instances = NULL;
    TRY(text_of(object, "name", &name));
    TRY(decode_texts(object, "roles", BOTS_MAX, &roles));
    TRY(list_of(object, "instances", BOTS_MAX_INSTANCES, &instances));
    TRY(bots_add(bots, name, &roles, &bot));
    bot->is_locked = json_is_true(json_object_get(object, "locked"));
    bot->n_instances = json_array_size(instances);
    for (size_t i = 0; i < bot->n_instances; i++)
        TRY(decode_instance(json_array_get(instances, i), &bot->instances[i]));
    return NULL;
}

static RESULT decode_bots(const json_t *doc, struct bots *bots)
{
    json_t *list = NULL;
    TRY(list_of(doc, "bots", BOTS_MAX, &list));
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(decode_bot(json_array_get(list, i), bots));
    return NULL;
}

static RESULT decode_tokens(const json_t *doc, struct tokens *tokens)
{
    json_t *list = NULL;
    TRY(list_of(doc, "tokens", TOKENS_MAX, &list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *value = NULL, *bot = NULL;
        TRY(text_of(json_array_get(list, i), "value", &value));
        TRY(text_of(json_array_get(list, i), "bot", &bot));
        TRY(tokens_add(tokens, value, bot));
    }
    return decode_texts(doc, "used_tokens", TOKENS_MAX_USED, &tokens->used);
}

static RESULT decode_all(const json_t *doc, struct state *s)
{
    const char *cluster = NULL, *suite = NULL;
    if (json_integer_value(json_object_get(doc, "format")) != STATE_FORMAT)
        return malformed("format");
    TRY(text_of(doc, "cluster", &cluster));
    TRY(text_of(doc, "suite", &suite));
    s->cluster = strdup(cluster);
    if (!s->cluster)
        return err_nomem();
    s->suite = suite_parse(suite);
    TRY(decode_cas(doc, s->cas));
    TRY_CTX(decode_keys(json_object_get(doc, "web"), false, &s->web), "web");
    TRY(decode_bots(doc, &s->bots));
    return decode_tokens(doc, &s->tokens);
}

RESULT state_decode(struct bytes json, struct state *ret)
{
    CLEANUP(state_release) struct state s = {0};
    json_error_t at;
    CLEANUP(json_decrefp)
    json_t *doc = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &at);
    if (!doc)
        return err_new(ERR_STORAGE, "not JSON: line %d: %s", at.line, at.text);
    struct err *e = decode_all(doc, &s);
    if (e)
        return err_wrap_as(ERR_STORAGE, e, "the document is damaged");
    *ret = s;
    s = (struct state){0};
    return NULL;
}
