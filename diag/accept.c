/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/accept.h"

#include <string.h>

#define Q_ONE 1000 /* quality in thousandths, which is as fine as it may be written */

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* "1", "0.5", "0.125": RFC 9110, 12.4.2. */
static int parse_quality(const char *s, size_t len)
{
    if (len == 0 || (s[0] != '0' && s[0] != '1'))
        return Q_ONE;
    int q = s[0] == '1' ? Q_ONE : 0;
    int scale = Q_ONE;
    for (size_t i = 2; i < len && i < 5 && s[i] >= '0' && s[i] <= '9'; i++) {
        scale /= 10;
        q += (s[i] - '0') * scale;
    }
    return q < Q_ONE ? q : Q_ONE;
}

/* The quality of one range, which ends at `end`. */
static int quality_of(const char *range, const char *end)
{
    for (const char *s = range; s < end;) {
        const char *semicolon = memchr(s, ';', (size_t)(end - s));
        if (!semicolon)
            break;
        s = skip_blanks(semicolon + 1);
        if (s + 2 <= end && (*s == 'q' || *s == 'Q') && s[1] == '=')
            return parse_quality(s + 2, (size_t)(end - s - 2));
    }
    return Q_ONE;
}

/* One member of a list: a media type, or a coding. Parameters may follow. */
static bool is_named(const char *range, const char *end, const char *name)
{
    size_t len = strlen(name);
    return (size_t)(end - range) >= len && strncasecmp(range, name, len) == 0 &&
           (range + len == end || strchr("; \t", range[len]));
}

/* The highest quality that a list gives to `name`; `otherwise` where it does not name it. */
static int quality_in(const char *list, const char *name, int otherwise)
{
    int found = -1;
    for (const char *s = list; s && *s;) {
        s = skip_blanks(s);
        const char *end = s + strcspn(s, ",");
        int q = quality_of(s, end);
        if (is_named(s, end, name) && q > found)
            found = q;
        s = *end ? end + 1 : end;
    }
    return found < 0 ? otherwise : found;
}

enum metrics_format diag_accept_metrics(const char *accept)
{
    int open_metrics = quality_in(accept, "application/openmetrics-text", 0);
    int plain = quality_in(accept, "text/plain", 0);
    return open_metrics > 0 && open_metrics >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

bool diag_accept_gzip(const char *accept_encoding)
{
    int rest = quality_in(accept_encoding, "*", 0);
    int old_name = quality_in(accept_encoding, "x-gzip", rest); /* RFC 9110, 8.4.1.3 */
    int gzip = quality_in(accept_encoding, "gzip", old_name);
    int identity = quality_in(accept_encoding, "identity", rest);
    return gzip > 0 && gzip >= identity;
}
