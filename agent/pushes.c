/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pushes.h"

#include "agent/push_service.h"
#include "base/text.h"

#define TARGETS_MAX 2

struct pushes {
    struct pushes_config c;
    struct push_target targets[TARGETS_MAX];
    struct push_service *services[TARGETS_MAX];
    unsigned n_targets, n_services;
    struct pool *workers; /* NULL: no targets */
    struct cancel *force;
};

static struct err *read_targets(struct pushes *p)
{
    const struct config_metrics *m = &p->c.config->metrics;
    if (p->c.config->oneshot)
        return NULL;
    if (text_given(m->graphite)) {
        TRY_CTX(push_target_graphite(m->graphite, &p->targets[p->n_targets]), "metrics.graphite");
        p->n_targets++;
    }
    if (text_given(m->url)) {
        TRY_CTX(push_target_url(m->url, &p->targets[p->n_targets]), "metrics.url");
        p->n_targets++;
    }
    return NULL;
}

static struct err *add_service(struct pushes *p, const struct push_target *target)
{
    const struct push_service_config config = {.loop = p->c.loop,
                                               .lane = p->workers,
                                               .clock = p->c.clock,
                                               .entropy = p->c.entropy,
                                               .log = p->c.log,
                                               .stop = p->c.stop,
                                               .force = p->force,
                                               .changed = p->c.changed,
                                               .arg = p->c.arg,
                                               .metrics = p->c.metrics,
                                               .prefix = config_metrics_prefix(p->c.config),
                                               .target = *target,
                                               .interval = p->c.config->metrics.interval};
    TRY(push_service_new(&config, &p->services[p->n_services]));
    p->n_services++;
    return NULL;
}

RESULT pushes_new(const struct pushes_config *config, struct pushes **ret)
{
    CLEANUP(pushes_freep) struct pushes *p = calloc(1, sizeof(*p));
    if (!p)
        return err_nomem();
    p->c = *config;
    TRY(read_targets(p));
    TRY(cancel_new(&p->force));
    if (p->n_targets > 0)
        TRY(pool_new(config->loop, p->n_targets, &p->workers));
    for (unsigned i = 0; i < p->n_targets; i++)
        TRY(add_service(p, &p->targets[i]));
    *ret = TAKE(p);
    return NULL;
}

void pushes_stop(struct pushes *p)
{
    for (unsigned i = 0; i < p->n_services; i++)
        push_service_stop(p->services[i]);
}

bool pushes_is_busy(const struct pushes *p)
{
    for (unsigned i = 0; i < p->n_services; i++)
        if (push_service_is_busy(p->services[i]))
            return true;
    return false;
}

unsigned pushes_end(struct pushes *p, struct dur bound)
{
    if (!p || !p->workers)
        return 0;
    cancel_fire(p->force);
    return pool_stop(p->workers, NULL, bound);
}

void pushes_free(struct pushes *p)
{
    if (!p)
        return;
    pool_free(p->workers);
    for (unsigned i = 0; i < p->n_services; i++)
        push_service_free(p->services[i]);
    cancel_free(p->force);
    free(p);
}
