/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err *refuse(const char *text, const char *why)
{
    return err_set_hint(err_new(ERR_CONFIG, "diagnostics address '%s': %s", text, why),
                        "Write HOST:PORT with an IP address, http://HOST:PORT, https://HOST:PORT, "
                        "unix:/PATH or systemd:NAME.");
}

static bool parse_port(const char *text, in_port_t *ret)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || port > 65535)
        return false;
    *ret = htons((uint16_t)port);
    return true;
}

static bool set_host(struct diag_address *a, const char *host, in_port_t port)
{
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (!*host)
        host = "::"; /* both families */
    a->at.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    a->len = sizeof(a->at.v4);
    if (inet_pton(AF_INET, host, &a->at.v4.sin_addr) == 1)
        return true;
    a->at.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
    a->len = sizeof(a->at.v6);
    return inet_pton(AF_INET6, host, &a->at.v6.sin6_addr) == 1;
}

static struct err *parse_tcp(const char *whole, const char *rest, struct diag_address *a)
{
    char host[INET6_ADDRSTRLEN + 2];
    in_port_t port;
    const char *colon = strrchr(rest, ':');
    if (!colon || !parse_port(colon + 1, &port))
        return refuse(whole, "no port between 0 and 65535 at its end");
    size_t len = (size_t)(colon - rest);
    bool bracketed = len >= 2 && rest[0] == '[' && rest[len - 1] == ']';
    if (bracketed) {
        rest++;
        len -= 2;
    }
    if (len >= sizeof(host))
        return refuse(whole, "the host is no IP address");
    memcpy(host, rest, len);
    host[len] = '\0';
    bool needs_brackets = strchr(host, ':') != NULL;
    if (needs_brackets != bracketed || !set_host(a, host, port))
        return refuse(whole, "the host is no IP address (IPv6 ones stand in brackets)");
    return NULL;
}

static struct err *parse_unix(const char *whole, const char *path, struct diag_address *a)
{
    a->at.local = (struct sockaddr_un){.sun_family = AF_UNIX};
    a->len = sizeof(a->at.local);
    if (path[0] != '/')
        return refuse(whole, "the path is not absolute");
    if (strlen(path) >= sizeof(a->at.local.sun_path))
        return refuse(whole, "the path is longer than the 107 bytes a socket's may have");
    memcpy(a->at.local.sun_path, path, strlen(path) + 1);
    return NULL;
}

RESULT diag_address_parse(const char *text, struct diag_address *ret)
{
    struct diag_address a = {.scheme = DIAG_HTTP};
    const char *rest = text;
    if (strlen(text) >= sizeof(a.text))
        return refuse(text, "too long");
    if (text_take_prefix(&rest, "unix:")) {
        a.scheme = DIAG_UNIX;
        TRY(parse_unix(text, rest, &a));
    } else if (text_take_prefix(&rest, "systemd:")) {
        a.scheme = DIAG_SYSTEMD;
        if (!*rest)
            return refuse(text, "no name behind systemd:");
    } else {
        if (text_take_prefix(&rest, "https://"))
            a.scheme = DIAG_HTTPS;
        else
            (void)text_take_prefix(&rest, "http://");
        TRY(parse_tcp(text, rest, &a));
    }
    const char *shown = a.scheme == DIAG_SYSTEMD ? rest : text;
    snprintf(a.text, sizeof(a.text), "%s", shown);
    *ret = a;
    return NULL;
}

bool diag_address_is_local(const struct diag_address *a)
{
    if (a->scheme == DIAG_UNIX)
        return true;
    if (a->scheme == DIAG_SYSTEMD)
        return false;
    if (a->at.any.sa_family == AF_INET)
        return (ntohl(a->at.v4.sin_addr.s_addr) >> 24) == 127;
    return IN6_IS_ADDR_LOOPBACK(&a->at.v6.sin6_addr);
}
