/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/environment.h"

#include <string.h>
#include <strings.h>

/* Proxies first, then the exceptions from them, then what stands for itself. */
enum { PROXIES = 4, EXCEPTIONS = 2, UPGRADE = PROXIES + EXCEPTIONS };

const char *const environment_names[ENVIRONMENT_COUNT] = {
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "TELEPORT_TLS_ROUTING_CONN_UPGRADE",
    "TELEPORT_TLS_ROUTING_CONN_UPGRADE_MODE",
    "TELEPORT_TUNNEL_PUBLIC_ADDR",
};

/* One entry of NO_PROXY: "*", a host, a domain and all below it, or with a dot only what is below. */
static bool entry_covers(const char *entry, size_t len, const char *host)
{
    if (len == 1 && *entry == '*')
        return true;
    bool is_below_only = len > 0 && *entry == '.';
    entry += is_below_only;
    len -= is_below_only;
    size_t host_len = strlen(host);
    if (len == 0 || len > host_len || strncasecmp(host + host_len - len, entry, len) != 0)
        return false;
    return len == host_len ? !is_below_only : host[host_len - len - 1] == '.';
}

static bool list_covers(const char *list, const char *host)
{
    while (list && *list) {
        list += strspn(list, ", ");
        size_t len = strcspn(list, ", ");
        if (entry_covers(list, len, host))
            return true;
        list += len;
    }
    return false;
}

static bool is_exempt(const struct address *target, char *(*get)(const char *name))
{
    bool is_covered = address_is_loopback(target); /* nobody's proxy is asked for this machine */
    for (int i = PROXIES; i < PROXIES + EXCEPTIONS; i++)
        is_covered = is_covered || list_covers(get(environment_names[i]), target->host);
    return is_covered;
}

/* As Go's strconv.ParseBool writes false, and nothing at all. */
static bool is_false(const char *value)
{
    static const char *const words[] = {"", "0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

static RESULT check_proxies(const struct address *target, char *(*get)(const char *name))
{
    if (is_exempt(target, get))
        return NULL;
    for (int i = 0; i < PROXIES; i++) {
        const char *value = get(environment_names[i]);
        if (!value || !*value)
            continue;
        /* Not its value: a proxy's password may be in it. */
        return err_set_hint(err_new(ERR_CONFIG,
                                    "the environment variable %s asks for an HTTP proxy, which "
                                    "this tbot cannot use yet",
                                    environment_names[i]),
                            "Unset it for tbot, or put '%s' into NO_PROXY.", target->host);
    }
    return NULL;
}

RESULT environment_check(const struct address *target, char *(*get)(const char *name))
{
    TRY(check_proxies(target, get));
    for (int i = UPGRADE; i < ENVIRONMENT_COUNT; i++) {
        const char *value = get(environment_names[i]);
        if (!value || is_false(value))
            continue;
        return err_set_hint(err_new(ERR_CONFIG,
                                    "the environment variable %s='%.80s' asks for what is not "
                                    "built yet in this tbot",
                                    environment_names[i], value),
                            "Unset it for tbot.");
    }
    return NULL;
}
