/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include <jansson.h>

static json_t *bots_json(const struct bots *bots)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bots->len; i++) {
        const struct bot *bot = bots->items[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:b, s:i}", "name", bot->name,
                                              "user", bot->user, "generation",
                                              (json_int_t)bot_generation(bot), "locked",
                                              bot->is_locked, "instances", (int)bot->n_instances));
    }
    return list;
}

static json_t *phases_json(const struct ca *cas)
{
    json_t *phases = json_object();
    for (int i = 0; i < CA_KIND_COUNT; i++)
        json_object_set_new(phases, ca_kind_name(cas[i].kind),
                            json_string(ca_phase_name(cas[i].phase)));
    return phases;
}

static json_t *requests_json(const struct authority *a)
{
    json_t *requests = json_object();
    for (size_t i = 0; i < a->n_counters; i++)
        json_object_set_new(requests, a->counters[i].method,
                            json_integer((json_int_t)a->counters[i].n));
    return requests;
}

static json_t *faults_json(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->len; i++) {
        const struct fault *f = &faults->items[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:I}", "kind", fault_kind_name(f->kind),
                                        "method", f->method, "number", (json_int_t)f->number,
                                        "count", (json_int_t)f->count));
    }
    return list;
}

RESULT authority_status(struct authority *a, char **ret)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    json_t *doc = json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "cluster", a->state.cluster,
                            "version", authority_server_version(a), "suite",
                            suite_name(a->state.suite), "tokens", (int)a->state.tokens.len, "bots",
                            bots_json(&a->state.bots), "authorities", phases_json(a->state.cas),
                            "requests", requests_json(a), "faults", faults_json(&a->faults));
    char *text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
    json_decref(doc);
    if (!text)
        return err_nomem();
    *ret = text;
    return NULL;
}
