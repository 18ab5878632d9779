/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_places.h"

#include "agent/absolute_path.h"
#include "agent/diag_place.h"
#include "base/text.h"
#include "cmd/unit_text.h"
#include "diag/address.h"

#include <string.h>

#define STATE "/var/lib/"
#define RUNTIME "/run/"
#define CREDENTIALS "/run/credentials" /* what the manager makes is not what it can be given */

static bool is_within_any(const char *path, const char *const *dirs, size_t n_dirs)
{
    for (size_t i = 0; i < n_dirs; i++)
        if (absolute_path_is_within(path, dirs[i]))
            return true;
    return false;
}

/* systemd wants its paths without "..", and so do we: what is judged here is what the agent opens. */
static RESULT check(const char *what, const char *path)
{
    static const char *const private_places[] = {"/tmp", "/var/tmp"};
    if (path[0] != '/' || absolute_path_goes_up(path))
        return err_set_hint(
            err_new(ERR_CONFIG, "%s '%s' is not an absolute path without '..'", what, path),
            "A unit says exactly where its agent may write: write the whole path.");
    if (is_within_any(path, private_places, 2))
        return err_set_hint(
            err_new(ERR_CONFIG, "%s '%s' is in /tmp, of which the unit has its own", what, path),
            "Neither side sees the other's files there (PrivateTmp=): use a directory in "
            "/etc, /run, /srv or /var/lib.");
    return unit_text_check(what, path);
}

/* Nothing of the homes is there for a unit with ProtectHome=yes. */
static RESULT note(struct unit_places *p, const char *what, const char *path)
{
    static const char *const homes[] = {"/home", "/root", "/run/user"};
    TRY(check(what, path));
    p->sees_home = p->sees_home || is_within_any(path, homes, 3);
    return NULL;
}

RESULT unit_places_add_read(struct unit_places *p, const char *what, const char *path)
{
    return text_given(path) ? note(p, what, path) : NULL;
}

/* What StateDirectory= and its like can name: they have a syntax of their own for ':' and '\'. */
static bool is_simple(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-+@/";
    return *name && *name != '/' && name[strspn(name, plain)] == '\0' && !strstr(name, "//") &&
           !strstr(name, "/./");
}

/* Puts into *ret what of `path` is behind `prefix`, where that can be such a name; else leaves it NULL. */
static RESULT below(const char *path, const char *prefix, char **ret)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    CLEANUP(freep) char *whole = strndup(path, len);
    if (!whole)
        return err_nomem();
    const char *name = whole;
    if (!text_take_prefix(&name, prefix) || !is_simple(name))
        return NULL;
    return text_format(ret, "%s", name);
}

static bool is_writable(const struct unit_places *p, const char *path)
{
    const char *state = path, *runtime = path;
    if (p->state && text_take_prefix(&state, STATE) && absolute_path_is_within(state, p->state))
        return true;
    if (p->runtime && text_take_prefix(&runtime, RUNTIME) &&
        absolute_path_is_within(runtime, p->runtime))
        return true;
    for (size_t i = 0; i < p->writable.len; i++)
        if (absolute_path_is_within(path, p->writable.items[i]))
            return true;
    return false;
}

static RESULT add_writable(struct unit_places *p, const char *what, const char *path)
{
    TRY(note(p, what, path));
    if (absolute_path_is_within("/", path))
        return err_set_hint(err_new(ERR_CONFIG, "%s is the root directory", what),
                            "The agent would be allowed to write everywhere: name a directory.");
    return is_writable(p, path) ? NULL : strlist_add(&p->writable, path);
}

static RESULT add_storage(struct unit_places *p, const struct config_destination *storage)
{
    if (storage->type != CONFIG_DESTINATION_DIRECTORY)
        return NULL;
    TRY(below(storage->path, STATE, &p->state));
    return p->state ? note(p, "the storage", storage->path)
                    : add_writable(p, "the storage", storage->path);
}

static RESULT add_socket(struct unit_places *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    TRY(note(p, "the diagnostics socket", path));
    CLEANUP(freep) char *dir = strndup(path, slash > path ? (size_t)(slash - path) : 1);
    if (!dir)
        return err_nomem();
    if (is_writable(p, dir))
        return NULL;
    if (!p->runtime)
        TRY(below(dir, RUNTIME, &p->runtime));
    return is_writable(p, dir) ? NULL : add_writable(p, "the diagnostics socket's directory", dir);
}

/* A unit has no $XDG_RUNTIME_DIR unless somebody gives it one. */
static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static RESULT add_diagnostics(struct unit_places *p, const struct config *config)
{
    TRY(diag_place_socket(config, no_variable, &p->socket));
    if (p->socket)
        TRY(add_socket(p, p->socket));
    if (!text_given(config->diag_addr))
        return NULL;
    struct diag_address address;
    TRY(diag_address_parse(config->diag_addr, &address));
    return address.scheme == DIAG_UNIX ? add_socket(p, address.at.local.sun_path) : NULL;
}

static RESULT add_reads(struct unit_places *p, const struct config *config)
{
    const struct config_diag *diag = &config->diag;
    TRY(unit_places_add_read(p, "'ca_path'", config->onboarding.ca_path));
    TRY(unit_places_add_read(p, "the diagnostics' certificate", diag->tls.cert));
    TRY(unit_places_add_read(p, "the diagnostics' key", diag->tls.key));
    TRY(unit_places_add_read(p, "the diagnostics' 'client_ca'", diag->tls.client_ca));
    return unit_places_add_read(p, "the diagnostics' tokens", diag->tokens);
}

static RESULT add_hook(struct unit_places *p, const struct config_hook *hook)
{
    p->signals = p->signals || hook->pid_file;
    TRY(unit_places_add_read(p, "'pid_file'", hook->pid_file));
    return hook->command.len > 0 ? note(p, "the command", hook->command.items[0]) : NULL;
}

static RESULT add_service(struct unit_places *p, const struct config_service *service)
{
    if (service->destination.path)
        TRY(add_writable(p, "the destination", service->destination.path));
    return add_hook(p, &service->hook);
}

static RESULT add_token(struct unit_places *p, const char *path)
{
    if (!path || absolute_path_is_within(path, CREDENTIALS))
        return NULL;
    TRY(unit_text_check("the token file's name", path));
    p->token = path;
    return NULL;
}

RESULT unit_places_find(const struct config *config, struct unit_places *ret)
{
    CLEANUP(unit_places_release) struct unit_places p = {0};
    TRY(add_storage(&p, &config->storage));
    TRY(add_diagnostics(&p, config));
    for (size_t i = 0; i < config->n_services; i++)
        TRY_CTX(add_service(&p, &config->services[i]), "service '%s'", config->services[i].name);
    TRY(add_reads(&p, config));
    TRY(add_token(&p, config->onboarding.token_path));
    *ret = p;
    p = (struct unit_places){0};
    return NULL;
}

void unit_places_release(struct unit_places *p)
{
    free(p->state);
    free(p->runtime);
    free(p->socket);
    strlist_release(&p->writable);
}
