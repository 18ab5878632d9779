/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *skip_scheme(const char *text)
{
    static const char *const schemes[] = {"tcp://", "http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    return text;
}

static bool is_ipv6(const char *host)
{
    struct in6_addr v6;
    return inet_pton(AF_INET6, host, &v6) == 1;
}

static bool is_ipv4(const char *host)
{
    struct in_addr v4;
    return inet_pton(AF_INET, host, &v4) == 1;
}

static bool is_host_name(const char *host)
{
    if (!*host)
        return false;
    for (const char *p = host; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".-_", *p))
            return false;
    return true;
}

static RESULT parse_port(const char *text, const char *port, uint16_t *ret)
{
    unsigned value = 0;
    const char *p = port;
    for (; isdigit((unsigned char)*p) && value <= UINT16_MAX; p++)
        value = value * 10 + (unsigned)(*p - '0');
    if (p == port || *p || value == 0 || value > UINT16_MAX)
        return err_new(ERR_CONFIG, "address '%s': port '%s' is not a number from 1 to 65535", text,
                       port);
    *ret = (uint16_t)value;
    return NULL;
}

/* Splits `s` in place; *ret_port is NULL where there is none. */
static RESULT split(const char *text, char *s, char **ret_host, char **ret_port)
{
    *ret_host = s;
    *ret_port = NULL;
    if (*s == '[') {
        char *end = strchr(s, ']');
        if (!end || (end[1] && end[1] != ':'))
            return err_new(ERR_CONFIG, "address '%s': brackets must hold an IPv6 address", text);
        *ret_port = end[1] ? end + 2 : NULL;
        *end = '\0';
        *ret_host = s + 1;
        if (!is_ipv6(s + 1))
            return err_new(ERR_CONFIG, "address '%s': '%s' is not an IPv6 address", text, s + 1);
        return NULL;
    }
    char *colon = strchr(s, ':');
    if (!colon || is_ipv6(s))
        return NULL;
    *colon = '\0';
    *ret_port = colon + 1;
    return NULL;
}

RESULT address_parse(const char *text, uint16_t default_port, struct address *ret)
{
    struct address a = {.port = default_port};
    const char *rest = skip_scheme(text);
    char copy[sizeof(a.host) + sizeof("[]:65535")];
    size_t len = strlen(rest);
    if (len > 0 && rest[len - 1] == '/')
        len--;
    if (len >= sizeof(copy))
        return err_new(ERR_CONFIG, "address '%s': too long", text);
    memcpy(copy, rest, len);
    copy[len] = '\0';

    char *host = NULL;
    char *port = NULL;
    TRY(split(text, copy, &host, &port));
    if (port)
        TRY(parse_port(text, port, &a.port));
    if (!is_host_name(host) && !is_ipv6(host))
        return err_new(ERR_CONFIG, "address '%s': '%s' is not a host name or IP address", text,
                       host);
    if (strlen(host) >= sizeof(a.host))
        return err_new(ERR_CONFIG, "address '%s': too long", text);
    memcpy(a.host, host, strlen(host) + 1);
    *ret = a;
    return NULL;
}

char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    snprintf(out, ADDRESS_TEXT_SIZE, is_ipv6(a->host) ? "[%s]:%u" : "%s:%u", a->host,
             (unsigned)a->port);
    return out;
}

bool address_is_ip(const struct address *a)
{
    return is_ipv4(a->host) || is_ipv6(a->host);
}

bool address_is_loopback(const struct address *a)
{
    return strcmp(a->host, "localhost") == 0 || strcmp(a->host, "::1") == 0 ||
           (is_ipv4(a->host) && strncmp(a->host, "127.", 4) == 0);
}

/* The longest use of the name is the ALPN entry "teleport-auth@NAME", at most 255 bytes. */
#define LONGEST_CLUSTER                                                                            \
    ((255 - sizeof("teleport-auth@") + 1 - sizeof("." ADDRESS_ANY_CLUSTER) + 1) / 2)

RESULT address_of_cluster(const char *cluster, char ret[ADDRESS_NAME_SIZE])
{
    size_t len = strlen(cluster);
    if (len == 0)
        return err_new(ERR_REJECTED, "cluster name: empty");
    if (len > LONGEST_CLUSTER)
        return err_new(ERR_REJECTED, "cluster name '%s': longer than %zu bytes", cluster,
                       LONGEST_CLUSTER);
    for (size_t i = 0; i < len; i++)
        snprintf(ret + 2 * i, 3, "%02x", (unsigned char)cluster[i]);
    memcpy(ret + 2 * len, "." ADDRESS_ANY_CLUSTER, sizeof("." ADDRESS_ANY_CLUSTER));
    return NULL;
}
