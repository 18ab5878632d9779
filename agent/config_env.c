/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_env.h"

#include <string.h>

static const char *const not_built[] = {
    "TELEPORT_TLS_ROUTING_CONN_UPGRADE",
    "TELEPORT_TLS_ROUTING_CONN_UPGRADE_MODE",
    "TBOT_USE_PROXY_ADDR",
};

static RESULT refuse(const char *name, const char *hint)
{
    return err_set_hint(err_new(ERR_CONFIG,
                                "the environment variable %s is set, and what it asks "
                                "for is not built yet in this tbot",
                                name),
                        "%s", hint);
}

/* The host of host:port, without the brackets of an IPv6 address. */
static void split_host(const char *address, const char **ret_host, size_t *ret_len)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : strlen(address);
    bool is_ipv6 = len > 1 && address[0] == '[' && address[len - 1] == ']';
    *ret_host = is_ipv6 ? address + 1 : address;
    *ret_len = is_ipv6 ? len - 2 : len;
}

/* Nobody's proxy is asked for this machine itself. */
static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

/* One entry of NO_PROXY: a host, a domain with everything in it, or '*'. */
static bool is_excepted(const char *host, const char *entry)
{
    if (strcmp(entry, "*") == 0)
        return true;
    const char *domain = entry + (*entry == '.');
    size_t host_len = strlen(host), len = strlen(domain);
    if (len == 0 || len > host_len || strcasecmp(host + host_len - len, domain) != 0)
        return false;
    return len == host_len ? *entry != '.' : host[host_len - len - 1] == '.';
}

static RESULT is_among_exceptions(const char *host, const char *list, bool *ret)
{
    CLEANUP(strlist_release) struct strlist entries = {0};
    TRY(strlist_split(&entries, list, ','));
    *ret = false;
    for (size_t i = 0; i < entries.len && !*ret; i++)
        *ret = is_excepted(host, entries.items[i] + strspn(entries.items[i], " "));
    return NULL;
}

static const char *first_set(char *(*get)(const char *), const char *a, const char *b)
{
    const char *value = get(a);
    return value && *value ? a : (value = get(b)) && *value ? b : NULL;
}

static RESULT check_proxy(const struct config *config, char *(*get)(const char *))
{
    const char *name = first_set(get, "HTTPS_PROXY", "https_proxy");
    const char *address = config->proxy_server ? config->proxy_server : config->auth_server;
    const char *start = NULL;
    size_t len = 0;
    if (!name || !address)
        return NULL;
    split_host(address, &start, &len);
    CLEANUP(freep) char *host = strndup(start, len);
    if (!host)
        return err_nomem();
    const char *except = first_set(get, "NO_PROXY", "no_proxy");
    bool is_direct = is_loopback(host);
    if (!is_direct && except)
        TRY(is_among_exceptions(host, get(except), &is_direct));
    return is_direct ? NULL
                     : refuse(name, "Unset it, or name the cluster's host in NO_PROXY, to connect "
                                    "without a proxy.");
}

struct err *config_env_check(const struct config *config, char *(*get)(const char *name))
{
    for (size_t i = 0; i < sizeof(not_built) / sizeof(*not_built); i++) {
        const char *value = get(not_built[i]);
        if (value && *value)
            return refuse(not_built[i], "Unset it.");
    }
    return check_proxy(config, get);
}
