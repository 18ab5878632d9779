/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include "transport/grpc_runtime.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

RESULT transport_init(void (*log)(const char *text))
{
    signal(SIGPIPE, SIG_IGN);
    return grpc_runtime_start(log);
}

void transport_shutdown(void)
{
    grpc_runtime_stop();
}

/* One entry of NO_PROXY: "*", a host, or a domain (with or without a dot) and all below it. */
static bool entry_covers(const char *entry, size_t len, const char *host)
{
    if (len == 1 && *entry == '*')
        return true;
    if (len > 0 && *entry == '.') {
        entry++;
        len--;
    }
    size_t host_len = strlen(host);
    if (len == 0 || len > host_len || strncasecmp(host + host_len - len, entry, len) != 0)
        return false;
    return len == host_len || host[host_len - len - 1] == '.';
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
    return address_is_loopback(target) || list_covers(get("NO_PROXY"), target->host) ||
           list_covers(get("no_proxy"), target->host);
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

RESULT transport_check_environment(const struct address *target, char *(*get)(const char *name))
{
    static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"};
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        const char *value = get(proxies[i]);
        if (!value || !*value || is_exempt(target, get))
            continue;
        struct err *e = err_new(
            ERR_CONFIG, "environment variable %s: HTTP proxies are not supported yet", proxies[i]);
        return err_set_hint(e, "Unset it for tbot, or put '%s' into NO_PROXY.", target->host);
    }
    static const char *const others[] = {"TELEPORT_TLS_ROUTING_CONN_UPGRADE",
                                         "TELEPORT_TUNNEL_PUBLIC_ADDR"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *value = get(others[i]);
        if (!value || is_false(value))
            continue;
        return err_set_hint(err_new(ERR_CONFIG, "environment variable %s='%s': not supported yet",
                                    others[i], value),
                            "Unset it for tbot.");
    }
    return NULL;
}
