/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_uri.h"

#include <string.h>

static int hex_digit(uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool config_uri_decode(struct bytes in, uint8_t *out, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] != '%') {
            out[len++] = in.data[i];
            continue;
        }
        if (in.len - i < 3)
            return false;
        int high = hex_digit(in.data[i + 1]), low = hex_digit(in.data[i + 2]);
        if (high < 0 || low < 0)
            return false;
        out[len++] = (uint8_t)(high * 16 + low);
        i += 2;
    }
    *ret_len = len;
    return true;
}

static bool has_scheme(const char *text, const char *scheme, const char **ret_rest)
{
    size_t len = strlen(scheme);
    if (strncmp(text, scheme, len) != 0)
        return false;
    *ret_rest = text + len;
    return true;
}

static RESULT set_directory(const char *encoded, struct config_destination *ret)
{
    if (encoded[0] != '/')
        return err_new(ERR_USAGE, "a file:// address has no host, write file:///path");
    CLEANUP(freep) char *path = calloc(1, strlen(encoded) + 1);
    size_t len = 0;
    if (!path)
        return err_nomem();
    if (!config_uri_decode(bytes_of_str(encoded), (uint8_t *)path, &len) || strlen(path) != len)
        return err_new(ERR_USAGE, "'%s' is not encoded properly ('%%' and two hex digits)",
                       encoded);
    return config_destination_set(ret, path);
}

static RESULT set_secret(const char *path, struct config_destination *ret)
{
    if (path[0] != '/' || !path[1] || strchr(path + 1, '/'))
        return err_new(ERR_USAGE, "write kubernetes-secret:///name: no host, one name");
    CLEANUP(freep) char *name = strdup(path + 1);
    if (!name)
        return err_nomem();
    config_destination_release(ret);
    ret->type = CONFIG_DESTINATION_KUBERNETES_SECRET;
    ret->name = TAKE(name);
    return NULL;
}

struct err *config_uri_destination(const char *text, struct config_destination *ret)
{
    const char *rest = NULL;
    if (has_scheme(text, "file://", &rest))
        return set_directory(rest, ret);
    if (has_scheme(text, "memory://", &rest)) {
        if (*rest)
            return err_new(ERR_USAGE, "memory:// takes nothing behind it");
        return config_destination_set(ret, NULL);
    }
    if (has_scheme(text, "kubernetes-secret://", &rest))
        return set_secret(rest, ret);
    if (strstr(text, "://"))
        return err_new(ERR_USAGE,
                       "'%s' is neither a path nor file:///path, memory:// or "
                       "kubernetes-secret:///name",
                       text);
    if (!*text)
        return err_new(ERR_USAGE, "the path is empty");
    return config_destination_set(ret, text);
}
