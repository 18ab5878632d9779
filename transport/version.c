/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/version.h"

#include <ctype.h>
#include <string.h>

/* A number of at most four digits; NULL when there is none. */
static const char *parse_number(const char *p, unsigned *ret)
{
    unsigned value = 0;
    const char *begin = p;
    for (; isdigit((unsigned char)*p) && p - begin < 4; p++)
        value = value * 10 + (unsigned)(*p - '0');
    *ret = value;
    return p > begin && !isdigit((unsigned char)*p) ? p : NULL;
}

RESULT version_major(const char *version, unsigned *ret)
{
    unsigned major = 0;
    const char *end = parse_number(version, &major);
    if (!end || *end != '.')
        return err_new(ERR_PROTOCOL, "server version '%s': not a version number", version);
    *ret = major;
    return NULL;
}

bool version_is_sendable(const char *version)
{
    unsigned number = 0;
    const char *p = version;
    for (int part = 0; part < 3; part++) {
        if (part > 0 && *p++ != '.')
            return false;
        p = parse_number(p, &number);
        if (!p)
            return false;
    }
    if (*p && *p != '-' && *p != '+')
        return false;
    size_t rest = strspn(p, "-+.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return p[rest] == '\0' && strlen(version) < VERSION_SIZE;
}
