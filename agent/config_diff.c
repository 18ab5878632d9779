/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_diff.h"

#include "agent/config_schema.h"
#include "base/text.h"

#include <string.h>

/* Keys that the running agent takes up anew. */
static const char *const top_times[] = {"credential_ttl", "renewal_interval", NULL};

/* Of a service: its name says which one it is; its times are compared with what they inherit. */
static const char *const not_its_own[] = {"name", "credential_ttl", "renewal_interval", NULL};

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* --- one value --- */

static bool same_token(const struct config_onboarding *a, const struct config_onboarding *b)
{
    if (!text_equals(a->token_path, b->token_path) || !a->token != !b->token)
        return false;
    return !a->token || secret_equals(a->token, secret_bytes(b->token));
}

static bool same_readers(const struct config_destination *a, const struct config_destination *b)
{
    if (a->n_readers != b->n_readers)
        return false;
    for (size_t i = 0; i < a->n_readers; i++)
        if (a->readers[i].is_group != b->readers[i].is_group ||
            strcmp(a->readers[i].name, b->readers[i].name) != 0)
            return false;
    return true;
}

static bool same_labels(const struct config_labels *a, const struct config_labels *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->items[i].name, b->items[i].name) != 0 ||
            strcmp(a->items[i].value, b->items[i].value) != 0)
            return false;
    return true;
}

/* What nobody can compare yet counts as another value: then the service is made anew. */
static bool same_value(const struct config_key *key, const void *a, const void *b)
{
    const char *at_a = (const char *)a + key->offset, *at_b = (const char *)b + key->offset;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_METHOD:
        return text_equals(*(const char *const *)at_a, *(const char *const *)at_b);
    case CONFIG_BOOL:
    case CONFIG_ON_OFF:
        return *(const bool *)at_a == *(const bool *)at_b;
    case CONFIG_INTEGER:
        return *(const int64_t *)at_a == *(const int64_t *)at_b;
    case CONFIG_DURATION:
        return ((const struct dur *)at_a)->ns == ((const struct dur *)at_b)->ns;
    case CONFIG_CHOICE:
        return *(const unsigned *)at_a == *(const unsigned *)at_b;
    case CONFIG_TEXTS:
        return strlist_equals((const struct strlist *)at_a, (const struct strlist *)at_b);
    case CONFIG_LABELS:
        return same_labels((const struct config_labels *)at_a, (const struct config_labels *)at_b);
    case CONFIG_READERS:
        return same_readers(a, b);
    case CONFIG_TOKEN:
        return same_token(a, b);
    default:
        return false;
    }
}

/* --- sections --- */

struct comparison {
    const char *const *left_out; /* of the outermost section; NULL: nothing */
    const char *prefix;          /* "", or "storage." */
    struct strlist *differing;
};

static struct err *note(const struct comparison *c, const char *name)
{
    CLEANUP(freep) char *key = NULL;
    TRY(text_format(&key, "%s%s", c->prefix, name));
    return strlist_add(c->differing, key);
}

static struct err *compare(const struct comparison *c, const struct config_section *section,
                           const void *a, const void *b);

static struct err *compare_within(const struct comparison *c, const char *name,
                                  const struct config_section *section, const void *a,
                                  const void *b)
{
    CLEANUP(freep) char *prefix = NULL;
    TRY(text_format(&prefix, "%s%s.", c->prefix, name));
    const struct comparison inner = {.prefix = prefix, .differing = c->differing};
    return compare(&inner, section, a, b);
}

static const struct config_section *section_of(const struct config_variants *all, unsigned type)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i].is_built && all->items[i].type == type)
            return all->items[i].section;
    return NULL;
}

static struct err *compare_destination(const struct comparison *c, const char *name,
                                       const struct config_destination *a,
                                       const struct config_destination *b)
{
    const struct config_section *section = section_of(&config_schema_destinations, a->type);
    if (a->type != b->type)
        return note(c, name);
    return compare_within(c, name, section, a, b);
}

static struct err *compare_key(const struct comparison *c, const struct config_key *key,
                               const void *a, const void *b)
{
    const char *at_a = (const char *)a + key->offset, *at_b = (const char *)b + key->offset;
    if (key->kind == CONFIG_SECTION)
        return compare_within(c, key->name, key->section, at_a, at_b);
    if (key->kind == CONFIG_DESTINATION)
        return compare_destination(c, key->name, (const struct config_destination *)at_a,
                                   (const struct config_destination *)at_b);
    return same_value(key, a, b) ? NULL : note(c, key->name);
}

static struct err *compare(const struct comparison *c, const struct config_section *section,
                           const void *a, const void *b)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            bool is_left_out = c->left_out && is_among(key->name, c->left_out);
            if (key->is_kept && !is_left_out)
                TRY(compare_key(c, key, a, b));
        }
    return NULL;
}

/* --- services --- */

struct place {
    const struct config *config;
    const struct config_service *service;
};

static struct err *compare_times(const struct comparison *c, struct place a, struct place b)
{
    if (config_service_ttl(a.config, a.service).ns != config_service_ttl(b.config, b.service).ns)
        TRY(note(c, "credential_ttl"));
    if (config_service_interval(a.config, a.service).ns !=
        config_service_interval(b.config, b.service).ns)
        TRY(note(c, "renewal_interval"));
    return NULL;
}

static struct err *compare_services(struct place a, struct place b, struct strlist *ret)
{
    const struct comparison c = {not_its_own, "", ret};
    if (a.service->type != b.service->type)
        return note(&c, "type");
    TRY(compare(&c, section_of(&config_schema_services, a.service->type), a.service, b.service));
    return compare_times(&c, a, b);
}

static bool find(const struct config *config, const char *name, size_t *ret)
{
    for (size_t i = 0; i < config->n_services; i++) {
        if (strcmp(config->services[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static struct err *judge(const struct config *running, const struct config *next, size_t i,
                         struct config_diff_service *ret)
{
    const struct config_service *service = &next->services[i];
    if (!find(running, service->name, &ret->was)) {
        ret->change = CONFIG_ADDED;
        return NULL;
    }
    struct place was = {running, &running->services[ret->was]}, is = {next, service};
    TRY(compare_services(was, is, &ret->keys));
    ret->change = ret->keys.len > 0 ? CONFIG_CHANGED : CONFIG_KEPT;
    return NULL;
}

static void find_removed(const struct config *running, const struct config *next,
                         struct config_diff *d)
{
    size_t ignored;
    for (size_t i = 0; i < running->n_services; i++)
        if (!find(next, running->services[i].name, &ignored))
            d->removed[d->n_removed++] = i;
}

RESULT config_diff_make(const struct config *running, const struct config *next,
                        struct config_diff *ret)
{
    CLEANUP(config_diff_release)
    struct config_diff d = {
        .services = calloc(next->n_services + 1, sizeof(*d.services)),
        .removed = calloc(running->n_services + 1, sizeof(*d.removed)),
    };
    if (!d.services || !d.removed)
        return err_nomem();
    const struct comparison top = {top_times, "", &d.restart};
    TRY(compare(&top, &config_schema_top, running, next));
    d.has_new_times = running->credential_ttl.ns != next->credential_ttl.ns ||
                      running->renewal_interval.ns != next->renewal_interval.ns;
    d.n_services = next->n_services; /* zeroed: also one that is not judged yet can be released */
    for (size_t i = 0; i < next->n_services; i++)
        TRY(judge(running, next, i, &d.services[i]));
    find_removed(running, next, &d);
    *ret = d;
    d = (struct config_diff){0};
    return NULL;
}

void config_diff_release(struct config_diff *d)
{
    for (size_t i = 0; i < d->n_services; i++)
        strlist_release(&d->services[i].keys);
    free(d->services);
    free(d->removed);
    strlist_release(&d->restart);
    *d = (struct config_diff){0};
}

size_t config_diff_count(const struct config_diff *d, enum config_change change)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_services; i++)
        n += d->services[i].change == change;
    return n;
}
