/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_plan.h"

#include "agent/absolute_path.h"
#include "agent/diag_place.h"
#include "agent/kube_token.h"
#include "base/text.h"
#include "diag/address.h"

#include <string.h>

/* What everybody reads. What a system does not have is not missed. */
static const char *const of_the_system[] = {
    "/etc",
    "/usr/share/ca-certificates", /* where links in /etc/ssl/certs lead */
    "/usr/local/share/ca-certificates",
    "/var/lib/ca-certificates",
    "/usr/share/zoneinfo",  /* where /etc/localtime leads */
    "/run/systemd/resolve", /* where /etc/resolv.conf leads, under one name or the other */
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/systemd/userdb", /* whom to ask for users that are in no file */
    "/dev/random",
    "/dev/urandom",
    "/proc/self",                     /* our metrics, our profiles */
    "/proc/locks",                    /* who holds the storage */
    "/proc/sys/vm/overcommit_memory", /* libc, when it gives memory back */
    "/sys/devices/system/cpu",        /* libc, how many there are */
};

void sandbox_plan_release(struct sandbox_plan *plan)
{
    for (size_t i = 0; i < plan->len; i++)
        free(plan->items[i].path);
    free(plan->items);
    *plan = (struct sandbox_plan){0};
}

/* --- paths as texts --- */

static bool is_dot(const char *part, size_t len)
{
    return len == 0 || (len == 1 && *part == '.');
}

/* Leaves out what means nothing, in place. ".." stays: what it means only the files can tell. */
static void tidy(char *path)
{
    char *out = path;
    for (const char *in = path; *in;) {
        in += *in == '/';
        size_t len = strcspn(in, "/");
        if (!is_dot(in, len)) {
            *out++ = '/';
            memmove(out, in, len);
            out += len;
        }
        in += len;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

/* --- adding --- */

static RESULT add(struct sandbox_plan *plan, struct sandbox_path item, const char *path)
{
    struct sandbox_path *items = realloc(plan->items, (plan->len + 1) * sizeof(*items));
    if (!items)
        return err_nomem();
    plan->items = items;
    item.path = NULL;
    TRY(absolute_path(path, &item.path));
    tidy(item.path);
    plan->items[plan->len++] = item;
    return NULL;
}

static RESULT add_as_is(struct sandbox_plan *plan, const char *path, unsigned rights)
{
    return add(plan, (struct sandbox_path){.kind = SANDBOX_AS_IS, .rights = rights}, path);
}

/* The directory a file is in; not the root: that would be everything. */
static RESULT add_parent(struct sandbox_plan *plan, const char *path, unsigned rights)
{
    CLEANUP(freep) char *parent = NULL;
    TRY(absolute_path(path, &parent));
    tidy(parent);
    char *slash = strrchr(parent, '/');
    if (slash == parent)
        return NULL;
    *slash = '\0';
    return add_as_is(plan, parent, rights);
}

/* `path`: NULL and "" are none. */
static RESULT add_file(struct sandbox_plan *plan, const char *path)
{
    if (!text_given(path))
        return NULL;
    TRY(add_parent(plan, path, LANDLOCK_READ));
    return add(plan, (struct sandbox_path){.kind = SANDBOX_FILE, .rights = LANDLOCK_READ}, path);
}

/* The kubelet replaces what is in it, below a link in it. */
static RESULT add_service_account(struct sandbox_plan *plan, const struct config_destination *d)
{
    const char *dir = text_given(d->service_account_dir);
    return add_as_is(plan, dir ? dir : KUBE_TOKEN_DIR, LANDLOCK_READ);
}

static RESULT add_destination(struct sandbox_plan *plan, const struct config_destination *d)
{
    if (d->type == CONFIG_DESTINATION_KUBERNETES_SECRET)
        return add_service_account(plan, d);
    if (d->type != CONFIG_DESTINATION_DIRECTORY)
        return NULL; /* a copy of one in memory is in the storage */
    plan->moves = plan->moves || d->atomic == CONFIG_ATOMIC_SYMLINK;
    return add(plan,
               (struct sandbox_path){.kind = SANDBOX_PLACE,
                                     .rights = LANDLOCK_READ | LANDLOCK_WRITE,
                                     .symlinks = d->symlinks},
               d->path);
}

/* --- what the configuration names --- */

static RESULT add_destinations(struct sandbox_plan *plan, const struct config *config)
{
    TRY(add_destination(plan, &config->storage));
    for (size_t i = 0; i < config->n_services; i++)
        TRY(add_destination(plan, &config->services[i].destination));
    return NULL;
}

static RESULT add_onboarding(struct sandbox_plan *plan, const struct config_onboarding *o,
                             char *(*get)(const char *name))
{
    if (config_rejoins(o))
        TRY(add_file(plan, kube_token_path(o->kubernetes_token_path, get)));
    TRY(add_file(plan, o->token_path));
    TRY(add_file(plan, o->token_credential));
    return add_file(plan, o->ca_path);
}

static RESULT add_files(struct sandbox_plan *plan, const struct config *config)
{
    const struct config_diag *diag = &config->diag;
    if (config->file && strcmp(config->file, "<stdin>") != 0)
        TRY(add_file(plan, config->file));
    TRY(add_file(plan, diag->tls.cert));
    TRY(add_file(plan, diag->tls.key));
    TRY(add_file(plan, diag->tls.client_ca));
    return add_file(plan, diag->tokens);
}

/* A socket is made, and removed, in its directory; which is not made for it. */
static RESULT add_socket(struct sandbox_plan *plan, const char *path)
{
    return path ? add_parent(plan, path, LANDLOCK_LISTEN) : NULL;
}

static RESULT add_sockets(struct sandbox_plan *plan, const struct config *config,
                          char *(*get)(const char *name))
{
    CLEANUP(freep) char *path = NULL;
    struct diag_address a;
    if (config->oneshot) /* nobody asks it anything */
        return NULL;
    TRY(diag_place_socket(config, get, &path));
    TRY(add_socket(plan, path));
    if (!text_given(config->diag_addr))
        return NULL;
    TRY(diag_address_parse(config->diag_addr, &a));
    return a.scheme == DIAG_UNIX ? add_socket(plan, a.at.local.sun_path) : NULL;
}

/* --- what it does not name --- */

static RESULT add_system(struct sandbox_plan *plan, const struct sandbox_outside *outside)
{
    CLEANUP(strlist_release) struct strlist dirs = {0};
    for (size_t i = 0; i < sizeof(of_the_system) / sizeof(*of_the_system); i++)
        TRY(add_as_is(plan, of_the_system[i], LANDLOCK_READ));
    TRY(add_file(plan, "/etc/resolv.conf"));
    TRY(add_file(plan, outside->roots_file));
    if (outside->roots_dirs)
        TRY(strlist_split(&dirs, outside->roots_dirs, ':'));
    for (size_t i = 0; i < dirs.len; i++)
        TRY(add_as_is(plan, dirs.items[i], LANDLOCK_READ));
    return NULL;
}

RESULT sandbox_plan_make(struct sandbox_plan *plan, const struct config *config,
                         const struct sandbox_outside *outside)
{
    TRY(add_destinations(plan, config));
    TRY(add_sockets(plan, config, outside->get));
    TRY(add_files(plan, config));
    TRY(add_onboarding(plan, &config->onboarding, outside->get));
    for (size_t i = 0; outside->more && i < outside->more->len; i++)
        TRY(add_as_is(plan, outside->more->items[i], LANDLOCK_READ | LANDLOCK_WRITE));
    if (config->debug && outside->program) /* names of functions, for profiles */
        TRY(add_as_is(plan, outside->program, LANDLOCK_READ));
    return add_system(plan, outside);
}

/* --- is it enough? --- */

static bool is_inside(const char *path, const char *entered)
{
    if (absolute_path_goes_up(path))
        return strcmp(path, entered) == 0;
    return absolute_path_is_within(path, entered);
}

static unsigned rights_at(const struct sandbox_plan *plan, const char *path)
{
    unsigned rights = 0;
    for (size_t i = 0; i < plan->len; i++) {
        const struct sandbox_path *p = &plan->items[i];
        if (is_inside(path, p->path))
            rights |= p->rights;
    }
    return rights;
}

bool sandbox_covers(const struct sandbox_plan *entered, const struct sandbox_plan *next,
                    const char **ret_path)
{
    for (size_t i = 0; i < next->len; i++) {
        const struct sandbox_path *p = &next->items[i];
        if ((p->rights & ~rights_at(entered, p->path)) == 0)
            continue;
        *ret_path = p->path;
        return false;
    }
    return true;
}
