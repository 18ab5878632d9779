/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_join_uri.h"

#include "agent/config_schema.h"
#include "agent/config_uri.h"
#include "agent/config_value.h"

#include <string.h>

#define FORM "tbot+<proxy|auth>+<method>://<token>@<host:port>"
#define MAX_TOKEN 4096

/* The pieces of a URI, borrowed from it. */
struct pieces {
    bool is_proxy;
    struct bytes method;
    struct bytes token; /* still percent-encoded */
    bool has_parameter;
    const char *address;
};

static bool skip(const char **at, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(*at, prefix, len) != 0)
        return false;
    *at += len;
    return true;
}

static struct bytes bytes_until(const char *from, const char *to)
{
    return (struct bytes){(const uint8_t *)from, (size_t)(to - from)};
}

static RESULT take_apart(const char *uri, struct pieces *ret)
{
    struct pieces p = {0};
    if (!skip(&uri, "tbot+"))
        return err_new(ERR_CONFIG, "does not begin with 'tbot+', the form is " FORM);
    p.is_proxy = skip(&uri, "proxy+");
    if (!p.is_proxy && !skip(&uri, "auth+"))
        return err_new(ERR_CONFIG, "the address is neither 'proxy' nor 'auth', the form is " FORM);
    const char *end = strstr(uri, "://");
    if (!end)
        return err_new(ERR_CONFIG, "there is no '://', the form is " FORM);
    p.method = bytes_until(uri, end);
    const char *token = end + 3;
    const char *at = strrchr(token, '@');
    if (!at || at == token)
        return err_new(ERR_CONFIG, "there is no token before an '@', the form is " FORM);
    const char *colon = memchr(token, ':', (size_t)(at - token));
    p.has_parameter = colon != NULL;
    p.token = bytes_until(token, colon ? colon : at);
    p.address = at + 1;
    *ret = p;
    return NULL;
}

static RESULT find_method(const struct pieces *p, const char **ret)
{
    char name[64];
    if (p->method.len >= sizeof(name))
        return err_new(ERR_CONFIG, "no such join method, the form is " FORM);
    memcpy(name, p->method.data, p->method.len);
    name[p->method.len] = '\0';
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    const struct config_variant *method = config_schema_variant(&config_schema_join_methods, name);
    if (!method)
        return err_new(ERR_CONFIG, "no join method '%s'", name);
    if (!method->is_built)
        return err_new(ERR_CONFIG, "join method '%s' is not built yet in this tbot", name);
    if (p->has_parameter)
        return err_new(ERR_CONFIG, "join method '%s' takes no parameter behind the token", name);
    *ret = method->name;
    return NULL;
}

static RESULT set_token(struct bytes encoded, struct config *config)
{
    uint8_t token[MAX_TOKEN];
    size_t len = 0;
    if (encoded.len == 0 || encoded.len > sizeof(token))
        return err_new(ERR_CONFIG, "the token is empty or too long");
    struct err *e = NULL;
    if (!config_uri_decode(encoded, token, &len) || memchr(token, '\0', len))
        e = err_new(ERR_CONFIG, "the token is not encoded properly ('%%' and two hex digits)");
    else
        e = config_onboarding_set_token(&config->onboarding, (struct bytes){token, len});
    secret_wipe(token, sizeof(token));
    return e;
}

struct err *config_join_uri_apply(const char *uri, struct config *config)
{
    struct pieces p = {0};
    const char *method = NULL;
    TRY(take_apart(uri, &p));
    TRY(find_method(&p, &method));
    size_t len = strcspn(p.address, "/?#");
    bool has_path = p.address[len] && strcmp(p.address + len, "/") != 0;
    if (len == 0 || has_path)
        return err_new(ERR_CONFIG, "behind the '@' there must be host:port and nothing else");
    CLEANUP(freep) char *address = strndup(p.address, len);
    if (!address)
        return err_nomem();
    TRY(set_token(p.token, config));
    config->onboarding.join_method = method;
    char **to = p.is_proxy ? &config->proxy_server : &config->auth_server;
    free(*to);
    *to = TAKE(address);
    return NULL;
}
