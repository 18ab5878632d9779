/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/access.h"

#include <string.h>

/* "localhost", 127.x or [::1], with or without a port. */
static bool names_this_machine(const char *host)
{
    if (!host)
        return true; /* HTTP/1.0, which no browser speaks */
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    bool is_name = len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0;
    bool is_v4 = strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len;
    bool is_v6 = strncmp(host, "[::1]", 5) == 0;
    if (!is_name && !is_v4 && !is_v6)
        return false;
    const char *port = host + len;
    return *port == '\0' || (*port == ':' && port[1 + strspn(port + 1, "0123456789")] == '\0');
}

/* Has proved who it is, rather than only where it is. */
static bool is_trusted(const struct diag_asker *a)
{
    return (a->origin == DIAG_FROM_SOCKET && a->is_peer_allowed) || a->is_known;
}

static bool has_right(const struct diag_policy *policy, const struct diag_asker *a,
                      enum diag_right right)
{
    if (is_trusted(a))
        return true;
    switch (right) {
    case DIAG_PROBE:
    case DIAG_METRICS:
        return a->origin != DIAG_FROM_SOCKET || a->is_token_valid;
    case DIAG_DETAILS:
        return a->is_token_valid || a->origin == DIAG_FROM_LOOPBACK ||
               (a->origin == DIAG_FROM_NETWORK && policy->unsafe_plain && !a->is_tls);
    case DIAG_CHANGE:
        return a->is_token_valid && a->may_change;
    case DIAG_DEBUG:
        return a->is_token_valid && a->may_debug;
    }
    return false;
}

enum diag_verdict diag_access(const struct diag_policy *policy, const struct diag_asker *asker,
                              enum diag_right right)
{
    bool is_plain_local = asker->origin == DIAG_FROM_LOOPBACK && !asker->is_tls;
    if (is_plain_local && !names_this_machine(asker->host))
        return DIAG_MISDIRECTED;
    if (asker->had_token && !asker->is_token_valid)
        return DIAG_UNAUTHORIZED;
    if (right == DIAG_DEBUG && !policy->is_debug)
        return DIAG_ABSENT;
    if (has_right(policy, asker, right))
        return DIAG_ALLOW;
    bool token_would_help = asker->origin != DIAG_FROM_SOCKET && !asker->had_token;
    return token_would_help ? DIAG_UNAUTHORIZED : DIAG_FORBIDDEN;
}
