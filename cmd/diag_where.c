/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_where.h"

#include "agent/config_uri.h"
#include "agent/diag_place.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

RESULT diag_where_at_path(const char *path, struct diag_where *ret)
{
    struct diag_where w = {.kind = DIAG_WHERE_SOCKET};
    if (strlen(path) >= sizeof(w.path))
        return err_new(ERR_USAGE,
                       "socket '%s': the path is longer than the %zu bytes that of a "
                       "socket may have",
                       path, sizeof(w.path) - 1);
    snprintf(w.path, sizeof(w.path), "%s", path);
    snprintf(w.text, sizeof(w.text), "%s", path);
    *ret = w;
    return NULL;
}

/* An agent that listens on every address of this machine is on this machine. */
static void name_this_machine(struct address *a)
{
    bool is_any = strcmp(a->host, "0.0.0.0") == 0 || strcmp(a->host, "::") == 0;
    if (is_any)
        snprintf(a->host, sizeof(a->host), "localhost");
}

static RESULT refuse(const char *text, const char *why)
{
    return err_set_hint(err_new(ERR_USAGE, "address '%s': %s", text, why),
                        "Write HOST:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH.");
}

RESULT diag_where_parse(const char *text, struct diag_where *ret)
{
    struct diag_where w = {.kind = DIAG_WHERE_PLAIN};
    const char *rest = text;
    if (text_take_prefix(&rest, "unix:"))
        return diag_where_at_path(rest, ret);
    if (text_take_prefix(&rest, "systemd:"))
        return refuse(text, "only systemd knows where that is");
    if (text_take_prefix(&rest, "https://"))
        w.kind = DIAG_WHERE_TLS;
    else
        (void)text_take_prefix(&rest, "http://");
    CLEANUP(freep) char *local = NULL;
    if (rest[0] == ':')
        TRY(text_format(&local, "localhost%s", rest));
    CLEANUP(err_freep) struct err *e = address_parse(local ? local : rest, 0, &w.address);
    if (err_code(e) == ERR_NOMEM)
        return TAKE(e);
    if (e || w.address.port == 0)
        return refuse(text, e ? "not an address" : "the port is missing");
    name_this_machine(&w.address);
    address_format(&w.address, w.text);
    *ret = w;
    return NULL;
}

/* --- by the configuration --- */

static RESULT load(const struct diag_options *o, struct config **ret)
{
    const char *path = o->globals->config_path;
    struct err *e = path ? config_load(path, ret) : config_new(ret);
    if (err_code(e) == ERR_NOMEM || !e)
        return e;
    return err_set_hint(err_wrap_as(ERR_CONFIG, e, "looking for the agent"),
                        "'--diag-socket PATH' asks an agent without reading its configuration.");
}

static RESULT set_storage(const struct diag_options *o, struct config *config)
{
    struct err *e = NULL;
    if (o->storage)
        e = config_uri_destination(o->storage, &config->storage);
    else if (config->storage.type == CONFIG_DESTINATION_NONE)
        e = config_destination_set(&config->storage, CONFIG_DEFAULT_STORAGE);
    return e ? err_wrap(e, "option '--storage'") : NULL;
}

static RESULT by_config(const struct config *config, struct diag_where *ret)
{
    CLEANUP(freep) char *path = NULL;
    TRY(diag_place_socket(config, getenv, &path));
    if (path)
        return diag_where_at_path(path, ret);
    if (config->diag_addr && *config->diag_addr)
        return diag_where_parse(config->diag_addr, ret);
    return err_set_hint(err_new(ERR_UNAVAILABLE, "'%s' has the agent listen nowhere", config->file),
                        "'diag_socket: off' is in its way: take it out, or set a 'diag_addr'.");
}

/* Nobody said anything: an agent in a container often stores in memory, one on a machine does not. */
static RESULT guess(struct diag_where *ret)
{
    static const char *const storages[] = {CONFIG_DEFAULT_STORAGE, NULL /* memory */};
    CLEANUP(config_freep) struct config *config = NULL;
    TRY(config_new(&config));
    for (size_t i = 0; i < sizeof(storages) / sizeof(*storages); i++) {
        struct diag_where w;
        TRY(config_destination_set(&config->storage, storages[i]));
        TRY(by_config(config, &w));
        bool is_there = access(w.path, F_OK) == 0;
        if (i == 0 || is_there)
            *ret = w;
        if (is_there)
            break;
    }
    return NULL;
}

bool diag_where_is_guess(const struct diag_options *o)
{
    return !o->diag_addr && !o->diag_socket && !o->globals->config_path && !o->storage;
}

RESULT diag_where_find(const struct diag_options *o, struct diag_where *ret)
{
    if (o->diag_addr)
        return diag_where_parse(o->diag_addr, ret);
    if (o->diag_socket)
        return diag_where_at_path(o->diag_socket, ret);
    if (diag_where_is_guess(o))
        return guess(ret);
    CLEANUP(config_freep) struct config *config = NULL;
    TRY(load(o, &config));
    TRY(set_storage(o, config));
    return by_config(config, ret);
}
