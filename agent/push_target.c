/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_target.h"

#include <stdbool.h>
#include <string.h>

#define HTTP "http://"
#define HTTPS "https://"

const char *push_kind_name(enum push_kind kind)
{
    return kind == PUSH_GRAPHITE ? "graphite" : "url";
}

RESULT push_target_graphite(const char *text, struct push_target *ret)
{
    struct push_target t = {.kind = PUSH_GRAPHITE};
    /* Not shown: a URL that was meant for elsewhere may hold a password or a key. */
    if (strpbrk(text, "/@?"))
        return err_new(ERR_CONFIG, "Graphite has no scheme, user or path, write host:port");
    TRY(address_parse(text, PUSH_PORT_GRAPHITE, &t.address));
    *ret = t;
    return NULL;
}

static const char *skip_scheme(const char *text, bool *ret_is_tls)
{
    *ret_is_tls = strncmp(text, HTTPS, strlen(HTTPS)) == 0;
    if (*ret_is_tls)
        return text + strlen(HTTPS);
    return strncmp(text, HTTP, strlen(HTTP)) == 0 ? text + strlen(HTTP) : NULL;
}

/* Into the request line; a blank there would make another request of it. */
static RESULT set_path(const char *text, char path[PUSH_PATH_SIZE])
{
    size_t slash = *text == '/' ? 0 : 1;
    size_t len = strlen(text);
    if (len + slash >= PUSH_PATH_SIZE)
        return err_new(ERR_CONFIG, "the path has more than %d bytes", PUSH_PATH_SIZE - 2);
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '#')
            return err_new(ERR_CONFIG, "the path holds a blank, '#' or a byte that is not ASCII");
    path[0] = '/';
    memcpy(path + slash, text, len + 1);
    return NULL;
}

RESULT push_target_url(const char *text, struct push_target *ret)
{
    struct push_target t = {.kind = PUSH_URL};
    const char *rest = skip_scheme(text, &t.is_tls);
    char authority[ADDRESS_TEXT_SIZE];
    if (!rest)
        return err_new(ERR_CONFIG, "the URL does not begin with http:// or https://");
    size_t len = strcspn(rest, "/?#");
    if (len >= sizeof(authority))
        return err_new(ERR_CONFIG, "the URL's host has more than %zu bytes", sizeof(authority) - 1);
    memcpy(authority, rest, len);
    authority[len] = '\0';
    if (strchr(authority, '@'))
        return err_new(ERR_CONFIG, "the URL holds a user or password, which is not sent");
    TRY(address_parse(authority, t.is_tls ? 443 : 80, &t.address));
    TRY(set_path(rest + len, t.path));
    *ret = t;
    return NULL;
}
