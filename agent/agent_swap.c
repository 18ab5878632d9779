/* SPDX-License-Identifier: Apache-2.0 */
/* The change from one configuration to the next: everything that can fail first, then what cannot. */
#include "agent/agent_reload.h"

#include "agent/agent_parts.h"

#include <string.h>

#define COMPONENT "reload"

struct swap {
    struct agent *a;
    struct reload_verdict *v;
    struct output_service **outputs; /* in the order of the new configuration; NULL: not made yet */
    struct health_service **added;   /* of services that were not there before */
    size_t n_added;
};

static enum config_change change_of(const struct swap *s, size_t i)
{
    return s->v->diff.services[i].change;
}

static struct output_service *predecessor(const struct swap *s, size_t i)
{
    return s->a->outputs[s->v->diff.services[i].was];
}

/* --- what can fail --- */

static struct err *make_room(struct swap *s)
{
    struct agent_reload *r = &s->a->reload;
    size_t n_retired = r->n_retired + s->a->n_outputs;
    struct output_service **retired =
        realloc(r->retired, (n_retired + 1) * sizeof(struct output_service *));
    if (retired)
        r->retired = retired;
    s->outputs = calloc(s->v->diff.n_services + 1, sizeof(struct output_service *));
    s->added = calloc(s->v->diff.n_services + 1, sizeof(struct health_service *));
    return retired && s->outputs && s->added ? NULL : err_nomem();
}

/* A changed service keeps its account: whoever watches it sees one service go on. */
static struct err *find_health(struct swap *s, size_t i, struct health_service **ret)
{
    if (change_of(s, i) == CONFIG_CHANGED) {
        *ret = output_service_health(predecessor(s, i));
        return NULL;
    }
    TRY(diagnostics_add(s->a->diagnostics, s->v->next->services[i].name, HEALTH_SERVICE, ret));
    s->added[s->n_added++] = *ret;
    return NULL;
}

static struct err *make_output(struct swap *s, size_t i)
{
    struct health_service *health = NULL;
    CLEANUP(config_service_freep) struct config_service *own = NULL;
    TRY(find_health(s, i, &health));
    TRY(config_take_service(s->v->next, i, &own));
    struct agent_output output = {
        .config = s->v->next, .service = own, .own = own, .health = health};
    TRY(agent_make_output(s->a, &output, &s->outputs[i]));
    (void)TAKE(own);
    return NULL;
}

static struct err *make_outputs(struct swap *s)
{
    for (size_t i = 0; i < s->v->diff.n_services; i++) {
        if (change_of(s, i) == CONFIG_KEPT)
            s->outputs[i] = predecessor(s, i);
        else
            TRY(make_output(s, i));
    }
    return NULL;
}

static struct err *prepare(struct swap *s)
{
    TRY(make_room(s));
    TRY(make_outputs(s));
    const struct status_parts parts = {s->v->next, s->outputs, s->v->diff.n_services};
    return status_prepare(s->a->status, &parts);
}

static void undo(struct swap *s)
{
    for (size_t i = 0; s->outputs && i < s->v->diff.n_services; i++)
        if (change_of(s, i) != CONFIG_KEPT)
            output_service_free(s->outputs[i]);
    for (size_t i = 0; i < s->n_added; i++)
        diagnostics_remove(s->a->diagnostics, s->added[i]);
    free(s->outputs);
    free(s->added);
}

/* --- what cannot --- */

static void retire(struct agent *a, struct output_service *output,
                   const struct config_service *successor)
{
    output_service_retire(output, successor);
    a->reload.retired[a->reload.n_retired++] = output;
}

static void say_change(const struct swap *s, size_t i)
{
    const struct config_diff_service *d = &s->v->diff.services[i];
    CLEANUP(freep) char *keys = strlist_join(&d->keys, ", ");
    log_info(s->a->setup.log, output_service_name(s->outputs[i]),
             d->change == CONFIG_ADDED ? "service added" : "service changed",
             LOG_STR("keys", d->change == CONFIG_ADDED ? NULL : keys),
             LOG_STR("destination", output_service_destination(s->outputs[i])));
}

static void remove_service(const struct swap *s, struct output_service *output)
{
    log_info(s->a->setup.log, output_service_name(output), "service removed, its files stay",
             LOG_STR("destination", output_service_destination(output)));
    diagnostics_remove(s->a->diagnostics, output_service_health(output));
    retire(s->a, output, NULL);
}

static void retire_old(const struct swap *s)
{
    for (size_t i = 0; i < s->v->diff.n_services; i++)
        if (change_of(s, i) == CONFIG_CHANGED)
            retire(s->a, predecessor(s, i), output_service_configured(s->outputs[i]));
    for (size_t i = 0; i < s->v->diff.n_removed; i++)
        remove_service(s, s->a->outputs[s->v->diff.removed[i]]);
}

static void introduce(const struct swap *s, size_t i)
{
    struct agent *a = s->a;
    struct output_service *output = s->outputs[i];
    for (size_t k = 0; k < a->reload.n_retired; k++)
        output_service_inherit(output, a->reload.retired[k]);
    output_service_show(output);
    if (a->supervisor.held)
        output_service_hold(output);
    say_change(s, i);
}

/* Kept services have what they need of it for themselves. */
static void adopt_config(const struct swap *s)
{
    struct agent *a = s->a;
    config_free(a->reload.config);
    a->reload.config = TAKE(s->v->next);
    a->config = a->reload.config;
}

static void commit(struct swap *s)
{
    struct agent *a = s->a;
    retire_old(s);
    for (size_t i = 0; i < s->v->diff.n_services; i++)
        if (change_of(s, i) != CONFIG_KEPT)
            introduce(s, i);
    free(a->outputs);
    a->outputs = s->outputs;
    a->n_outputs = s->v->diff.n_services;
    adopt_config(s);
    status_change(a->status);
    identity_service_reload(a->identity, a->config, agent_keys_ahead(a->config));
    hooks_adopt(a->setup.hooks, a->config);
    free(s->added);
}

RESULT agent_swap(struct agent *a, struct reload_verdict *v)
{
    struct swap s = {.a = a, .v = v};
    struct err *e = prepare(&s);
    if (e)
        undo(&s);
    else
        commit(&s);
    return e;
}
