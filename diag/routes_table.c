/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/routes_table.h"

#include "diag/accept.h"

#include <string.h>

static struct err *livez(const struct diag_request *r, const struct diag_facts *f,
                         const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_livez(f, a);
}

static struct err *healthz(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_healthz(f, a);
}

static struct err *readyz(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    if (!r->format)
        return diag_answer_readyz(f, service, a);
    if (strcmp(r->format, "tbot") == 0)
        return diag_answer_readyz_tbot(f, service, a);
    return diag_answer_error(400, "unknown format: there is 'tbot', or none", a);
}

static struct err *servez(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    (void)r;
    return diag_answer_servez(f, service, a);
}

static struct err *metrics(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)service;
    TRY(diag_answer_metrics(f, diag_accept_metrics(r->accept), a));
    return diag_accept_gzip(r->accept_encoding) ? diag_answer_gzip(a) : NULL;
}

static struct err *metrics_json(const struct diag_request *r, const struct diag_facts *f,
                                const char *service, struct diag_answer *a)
{
    if (r->format && strcmp(r->format, "prometheus") == 0)
        return metrics(r, f, service, a);
    if (r->format && strcmp(r->format, "json") != 0)
        return diag_answer_error(400, "unknown format: there are 'json' and 'prometheus'", a);
    TRY(diag_answer_metrics_json(f, a));
    return diag_accept_gzip(r->accept_encoding) ? diag_answer_gzip(a) : NULL;
}

static struct err *bad_request(const struct err *why, struct diag_answer *a)
{
    CLEANUP(freep) char *text = err_text(why);
    return text ? diag_answer_error(400, text, a) : err_nomem();
}

static struct err *wait_for(const struct diag_request *r, const struct diag_facts *f,
                            const char *service, struct diag_answer *a)
{
    struct diag_wait w;
    CLEANUP(err_freep) struct err *e = diag_wait_read(r->what, r->timeout, r->since, &w);
    if (e)
        return bad_request(e, a);
    w.service = service;
    return diag_answer_wait(f, &w, r->format && strcmp(r->format, "tbot") == 0, a);
}

static struct err *status(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    (void)service;
    return diag_answer_status(f, r->since, a);
}

static struct err *backend(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_backend(f, a);
}

static struct err *log_level(const struct diag_request *r, const struct diag_facts *f,
                             const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_log_level(f, a);
}

static struct err *set_log_level(const struct diag_request *r, const struct diag_facts *f,
                                 const char *service, struct diag_answer *a)
{
    (void)service;
    return diag_answer_set_log_level(f, r->body, r->what, a);
}

static struct err *renew(const struct diag_request *r, const struct diag_facts *f,
                         const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_renew(f, a);
}

static struct err *reload(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_reload(f, a);
}

static struct err *profiles(const struct diag_request *r, const struct diag_facts *f,
                            const char *service, struct diag_answer *a)
{
    (void)r, (void)f, (void)service;
    return diag_answer_profiles(a);
}

static struct err *cpu(const struct diag_request *r, const struct diag_facts *f,
                       const char *service, struct diag_answer *a)
{
    (void)service;
    return diag_answer_profile(f, PROFILER_CPU, r->seconds, (struct bytes){0}, a);
}

static struct err *heap(const struct diag_request *r, const struct diag_facts *f,
                        const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_profile(f, PROFILER_HEAP, NULL, (struct bytes){0}, a);
}

static struct err *threads(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_profile(f, PROFILER_THREADS, NULL, (struct bytes){0}, a);
}

static struct err *cmdline(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_profile(f, PROFILER_CMDLINE, NULL, (struct bytes){0}, a);
}

/* GET, which asks whether there are names, has no body. */
static struct err *symbol(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    (void)service;
    return diag_answer_profile(f, PROFILER_SYMBOLS, NULL, r->body, a);
}

static struct err *shut_down(const struct diag_request *r, const struct diag_facts *f,
                             const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_shut_down(f, a);
}

enum method { GET = 1 << 0, POST = 1 << 1, PUT = 1 << 2 };

/* The rows of one path follow each other; the first tells what a wrong method needs. */
static bool can_shut_down(const struct diag_facts *f)
{
    return f->control && f->control->shut_down;
}

const struct diag_route diag_routes_table[] = {
    {"/livez", DIAG_GET, DIAG_PROBE, livez, NULL},
    {"/healthz", DIAG_GET, DIAG_PROBE, healthz, NULL},
    {"/readyz", DIAG_GET, DIAG_PROBE, readyz, NULL},
    {"/readyz/{service}", DIAG_GET, DIAG_PROBE, readyz, NULL},
    {"/servez", DIAG_GET, DIAG_PROBE, servez, NULL},
    {"/servez/{service}", DIAG_GET, DIAG_PROBE, servez, NULL},
    {"/wait", DIAG_GET, DIAG_PROBE, wait_for, NULL},
    {"/wait/{service}", DIAG_GET, DIAG_PROBE, wait_for, NULL},
    {"/metrics", DIAG_GET, DIAG_METRICS, metrics, NULL},
    {"/_metrics/prometheus", DIAG_GET, DIAG_METRICS, metrics, NULL},
    {"/_metrics", DIAG_GET, DIAG_METRICS, metrics_json, NULL},
    {"/_metrics/json", DIAG_GET, DIAG_METRICS, metrics_json, NULL},
    {"/status", DIAG_GET, DIAG_DETAILS, status, NULL},
    {"/_status", DIAG_GET, DIAG_PROBE, backend, NULL},
    {"/log-level", DIAG_GET, DIAG_DETAILS, log_level, NULL},
    {"/log-level", DIAG_PUT, DIAG_CHANGE, set_log_level, NULL},
    {"/renew", DIAG_POST, DIAG_CHANGE, renew, NULL},
    {"/reload", DIAG_POST, DIAG_CHANGE, reload, NULL},
    {"/debug/pprof", DIAG_GET, DIAG_DEBUG, profiles, NULL},
    {"/debug/pprof/", DIAG_GET, DIAG_DEBUG, profiles, NULL},
    {"/debug/pprof/profile", DIAG_GET, DIAG_DEBUG, cpu, NULL},
    {"/debug/pprof/heap", DIAG_GET, DIAG_DEBUG, heap, NULL},
    {"/debug/pprof/threads", DIAG_GET, DIAG_DEBUG, threads, NULL},
    {"/debug/pprof/goroutine", DIAG_GET, DIAG_DEBUG, threads, NULL}, /* by its name in Go */
    {"/debug/pprof/cmdline", DIAG_GET, DIAG_DEBUG, cmdline, NULL},
    {"/debug/pprof/symbol", DIAG_GET, DIAG_DEBUG, symbol, NULL},
    {"/debug/pprof/symbol", DIAG_POST, DIAG_DEBUG, symbol, NULL},
    {"/_shutdown", DIAG_POST, DIAG_CHANGE, shut_down, can_shut_down},
};

const size_t diag_routes_table_len = sizeof(diag_routes_table) / sizeof(diag_routes_table[0]);
