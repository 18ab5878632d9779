/* SPDX-License-Identifier: Apache-2.0 */
/* What outputs need to know of the cluster, fetched in one go. */
#include "agent/cluster_private.h"

#include "transport/leaves.h"

#include <string.h>

/* How the proxy listens hardly ever changes, and asking it must not hold an output up for long. */
#define PROXY_MAX_AGE_S 60
#define PROXY_LIMIT_S 10

/* Counted apart, so that users of the facts see plain data. */
struct counted {
    struct cluster_facts facts;
    atomic_uint refs;
};

static void cas_release(struct cluster_cas *cas)
{
    for (size_t i = 0; i < cas->len; i++) {
        free(cas->items[i].cluster);
        strlist_release(&cas->items[i].tls);
        strlist_release(&cas->items[i].ssh);
    }
    free(cas->items);
}

struct cluster_facts *cluster_facts_ref(struct cluster_facts *f)
{
    atomic_fetch_add(&((struct counted *)f)->refs, 1);
    return f;
}

void cluster_facts_free(struct cluster_facts *f)
{
    if (!f || atomic_fetch_sub(&((struct counted *)f)->refs, 1) != 1)
        return;
    free(f->name);
    free(f->server_version);
    free(f->proxy);
    strlist_release(&f->default_roles);
    strlist_release(&f->leaves);
    cas_release(&f->host);
    cas_release(&f->user);
    cas_release(&f->database);
    free(f);
}

static struct err *copy_text(const char *text, char **ret)
{
    *ret = strdup(text);
    return *ret ? NULL : err_nomem();
}

static struct err *copy_ca(const struct msg_ca *from, struct cluster_ca *to)
{
    TRY(copy_text(from->cluster_name, &to->cluster));
    TRY(strlist_copy(&to->tls, &from->tls_certs));
    return strlist_copy(&to->ssh, &from->ssh_keys);
}

static struct err *fetch_cas(const struct authapi *api, const char *type, const struct ctx *ctx,
                             struct cluster_cas *ret)
{
    CLEANUP(msg_ca_list_release) struct msg_ca_list list = {0};
    TRY_CTX(authapi_cas(api, type, ctx, &list), "reading the cluster's '%s' CAs", type);
    ret->items = calloc(list.len + 1, sizeof(struct cluster_ca));
    if (!ret->items)
        return err_nomem();
    for (size_t i = 0; i < list.len; i++, ret->len = i)
        TRY(copy_ca(&list.items[i], &ret->items[i]));
    return NULL;
}

static struct err *fetch_ping(struct cluster *c, const struct authapi *api, const struct ctx *ctx,
                              struct cluster_facts *f)
{
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    TRY(authapi_ping(api, ctx, &ping));
    cluster_path_reached(c, &ping);
    TRY(version_major(ping.server_version, &f->server_major));
    TRY(copy_text(ping.cluster_name, &f->name));
    TRY(copy_text(ping.server_version, &f->server_version));
    if (!ping.proxy_public_addr || !*ping.proxy_public_addr)
        return NULL;
    return copy_text(ping.proxy_public_addr, &f->proxy);
}

/* With `insecure` anybody may have answered: such a clock is not worth a warning. */
static void note_date(struct cluster *c, const struct webapi_find *find)
{
    const struct skew_reading reading = {find->date, find->asked, find->answered, false};
    if (!c->c.config->insecure)
        cluster_skew_note(c, &reading);
}

static struct err *ask_proxy(struct cluster *c, const struct ctx *ctx, struct cluster_facts *f)
{
    struct webapi_find find;
    struct address web;
    char text[ADDRESS_TEXT_SIZE];
    struct ctx limited = ctx_until(ctx, dur_s(PROXY_LIMIT_S));
    TRY(connector_find(c->connector, f->proxy, &limited, dur_s(PROXY_MAX_AGE_S), &find, &web));
    note_date(c, &find);
    f->tls_routing = find.has_tls_routing;
    free(f->proxy);
    return copy_text(address_format(&web, text), &f->proxy);
}

/* Once, and once more when it is over: every output asks, and again at each try. */
static void tell_proxy(struct cluster *c, const struct cluster_facts *f, const struct err *e)
{
    if (e && !c->is_proxy_mute)
        log_err(c->c.log, LOG_WARN, "cluster",
                "the proxy cannot be asked how it listens; ssh_config assumes TLS routing", e,
                LOG_STR("proxy", f->proxy));
    if (!e && c->is_proxy_mute)
        log_info(c->c.log, "cluster", "the proxy tells again how it listens",
                 LOG_STR("proxy", f->proxy));
    c->is_proxy_mute = e != NULL;
}

/*
 * Only ssh needs the proxy, and later: where it cannot be asked, its address is what the auth server
 * says and one port for everything is assumed, as nearly every cluster has it.
 */
static struct err *fetch_proxy(struct cluster *c, const struct ctx *ctx, struct cluster_facts *f)
{
    struct err *e = ask_proxy(c, ctx, f);
    if (e && (err_class(err_code(e)) == ERR_CLASS_STOP || err_code(e) == ERR_NOMEM))
        return e;
    f->tls_routing |= e != NULL;
    if (err_code(e) != ERR_NOT_FOUND)
        tell_proxy(c, f, e);
    err_free(e);
    return NULL;
}

static struct err *fetch_leaves(struct cluster *c, const struct authapi *api, const struct ctx *ctx,
                                struct cluster_facts *f)
{
    return leaves_list(c->connector, api, f->server_major, ctx, &f->leaves);
}

/* Without the role's list an output must name its roles itself; that is told where it matters. */
static struct err *fetch_roles(struct cluster *c, const struct authapi *api,
                               struct credentials *creds, const struct ctx *ctx,
                               struct cluster_facts *f)
{
    const char *role = credentials_subject(creds)->username; /* user and role share the name */
    struct err *e = authapi_impersonated_roles(api, role, ctx, &f->default_roles);
    if (err_class(err_code(e)) != ERR_CLASS_PERMANENT || !e)
        return e;
    log_err(c->c.log, LOG_WARN, "cluster", "the bot's default roles cannot be read", e,
            LOG_STR("role", role));
    err_free(e);
    return NULL;
}

static struct err *fetch(struct cluster *c, struct credentials *creds, const struct ctx *ctx,
                         struct cluster_facts *f)
{
    const struct authapi api = {.channel = c->channel};
    TRY(fetch_ping(c, &api, ctx, f));
    TRY(fetch_proxy(c, ctx, f));
    TRY(fetch_roles(c, &api, creds, ctx, f));
    TRY(fetch_leaves(c, &api, ctx, f));
    TRY(fetch_cas(&api, "host", ctx, &f->host));
    TRY(fetch_cas(&api, "user", ctx, &f->user));
    return fetch_cas(&api, "db", ctx, &f->database);
}

RESULT cluster_facts_fetch(struct cluster *c, struct credentials *creds, const struct ctx *ctx,
                           struct cluster_facts **ret)
{
    struct counted *counted = calloc(1, sizeof(*counted));
    if (!counted)
        return err_nomem();
    counted->refs = 1;
    CLEANUP(cluster_facts_freep) struct cluster_facts *f = &counted->facts;
    TRY(fetch(c, creds, ctx, f));
    *ret = TAKE(f);
    return NULL;
}
