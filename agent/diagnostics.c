/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diagnostics.h"

#include "agent/diag_place.h"
#include "base/text.h"
#include "diag/core/agent_metrics.h"
#include "diag/core/task_metrics.h"
#include "diag/credential_metrics.h"
#include "diag/health_metrics.h"
#include "diag/process_metrics.h"
#include "diag/server.h"

#define COMPONENT "diag"

struct diagnostics {
    struct diagnostics_config c;
    struct health *health;
    struct metrics *metrics;
    struct health_metrics health_metrics;
    struct credential_metrics credentials;
    const struct diag_control *control;
    struct diag_tls_config tls;
    struct diag_server *server; /* NULL: listens nowhere */
};

void diagnostics_changed(struct diagnostics *d)
{
    if (d->server)
        diag_server_changed(d->server);
}

static void on_change(void *arg)
{
    diagnostics_changed(arg);
}

/* In the order in which they are shown. */
static void begin_metrics(struct diagnostics *d)
{
    d->health_metrics = (struct health_metrics){.health = d->health, .clock = d->c.clock};
    process_metrics_build(d->metrics, d->c.version, d->c.revision);
    health_metrics_watch(&d->health_metrics, d->metrics);
    agent_metrics_declare(d->metrics);
    task_metrics_declare(d->metrics);
    process_metrics_watch(d->metrics, clock_now(d->c.clock));
}

RESULT diagnostics_new(const struct diagnostics_config *config, struct diagnostics **ret)
{
    CLEANUP(diagnostics_freep) struct diagnostics *d = calloc(1, sizeof(*d));
    if (!d)
        return err_nomem();
    d->c = *config;
    TRY(health_new(&d->health));
    TRY(metrics_new(&d->metrics));
    health_watch(d->health, on_change, d);
    begin_metrics(d);
    *ret = TAKE(d);
    return NULL;
}

void diagnostics_close(struct diagnostics *d)
{
    diag_server_free(TAKE(d->server));
}

void diagnostics_free(struct diagnostics *d)
{
    if (!d)
        return;
    diagnostics_close(d);
    metrics_free(d->metrics);
    health_free(d->health);
    free(d);
}

RESULT diagnostics_add(struct diagnostics *d, const char *name, enum health_kind kind,
                       struct health_service **ret)
{
    return health_add(d->health, name, kind, loop_now(d->c.loop), ret);
}

void diagnostics_remove(struct diagnostics *d, struct health_service *s)
{
    struct health_view v = health_view(s, loop_now(d->c.loop));
    metrics_forget(d->metrics, "service", v.name);
    health_remove(d->health, s);
}

void diagnostics_introduce(struct diagnostics *d, struct diag_reporter reporter,
                           const struct diag_control *control)
{
    d->control = control;
    d->credentials.reporter = reporter;
    credential_metrics_watch(&d->credentials, d->metrics);
}

/* --- where --- */

struct places {
    struct diag_address at[2];
    size_t n;
};

static struct err *add_address(struct places *p, const char *text)
{
    TRY(diag_address_parse(text, &p->at[p->n]));
    p->n++;
    return NULL;
}

static struct diag_tls_config tls_config(const struct config_diag_tls *tls)
{
    return (struct diag_tls_config){.cert = text_given(tls->cert),
                                    .key = text_given(tls->key),
                                    .client_ca = text_given(tls->client_ca),
                                    .allow = &tls->allow};
}

static struct err *open_server(struct diagnostics *d, const struct places *p)
{
    const struct config *config = d->c.config;
    d->tls = tls_config(&config->diag.tls);
    struct diag_server_config server = {
        .loop = d->c.loop,
        .clock = d->c.clock,
        .log = d->c.log,
        .health = d->health,
        .metrics = d->metrics,
        .metrics_prefix = config_metrics_prefix(config),
        .reporter = d->credentials.reporter,
        .control = d->control,
        .addresses = p->at,
        .n_addresses = p->n,
        .policy = {.is_debug = config->debug, .unsafe_plain = config->diag.unsafe_plain},
        .token_file = text_given(config->diag.tokens),
        .tls = &d->tls,
        .livez_stall = config->diag.livez_stall,
        .version = d->c.version,
    };
    return p->n > 0 ? diag_server_new(&server, &d->server) : NULL;
}

static struct err *add_socket(struct places *p, const struct config *config)
{
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *text = NULL;
    TRY(diag_place_socket(config, getenv, &path));
    if (!path)
        return NULL;
    TRY(text_format(&text, "unix:%s", path));
    return add_address(p, text);
}

/* What may help at the place itself, if anything, and what does in any case. */
static struct err *add_remedy(struct err *why)
{
    const char *hint = err_hint(why);
    return err_set_hint(why, "%s%s another place with 'diag_socket', or set it to off.",
                        hint ? hint : "", hint ? " Or name" : "Name");
}

/* Without what nobody asked for by name; unless something else is wrong, which then comes again. */
static struct err *listen_without_socket(struct diagnostics *d, struct places *p, size_t n_given,
                                         struct err *why)
{
    if (text_given(d->c.config->diag_socket) || err_code(why) == ERR_NOMEM)
        return why;
    p->n = n_given;
    struct err *e = open_server(d, p);
    why = add_remedy(why);
    if (!e)
        log_err(d->c.log, LOG_WARN, COMPONENT, "there is no local diagnostics socket", why);
    err_free(why);
    return e;
}

RESULT diagnostics_listen(struct diagnostics *d)
{
    const struct config *config = d->c.config;
    struct places p = {.n = 0};
    if (config->oneshot)
        return NULL;
    if (text_given(config->diag_addr))
        TRY(add_address(&p, config->diag_addr));
    size_t n_given = p.n;
    struct err *e = add_socket(&p, config);
    if (!e)
        e = open_server(d, &p);
    return e ? listen_without_socket(d, &p, n_given, e) : NULL;
}

void diagnostics_use(struct diagnostics *d, struct credentials *own)
{
    if (d->server && own)
        diag_server_use(d->server, own);
}

void diagnostics_stop(struct diagnostics *d)
{
    health_stop(d->health, loop_now(d->c.loop));
}

const struct health *diagnostics_health(const struct diagnostics *d)
{
    return d->health;
}

struct metrics *diagnostics_metrics(struct diagnostics *d)
{
    return d->metrics;
}
