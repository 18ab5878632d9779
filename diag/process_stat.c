/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/process_stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Places of the fields, counted from 1 as proc(5) does; the name in parentheses is the second. */
enum {
    FIELD_STATE = 3,
    FIELD_UTIME = 14,
    FIELD_STIME = 15,
    FIELD_THREADS = 20,
    FIELD_START = 22,
    FIELD_VSIZE = 23,
    FIELD_RSS = 24,
    FIELD_LAST = FIELD_RSS,
};

/* Some fields are negative, none of those that are asked for. */
static bool read_fields(const char *at, uint64_t fields[FIELD_LAST + 1])
{
    for (int i = FIELD_STATE + 1; i <= FIELD_LAST; i++) {
        char *end = NULL;
        errno = 0;
        long long n = *at == '-' ? strtoll(at, &end, 10) : 0;
        fields[i] = end ? (uint64_t)n : strtoull(at, &end, 10);
        if (end == at || errno || (*end != ' ' && *end != '\n' && *end))
            return false;
        at = *end ? end + 1 : end;
    }
    return true;
}

bool process_stat_parse(const char *line, struct process_stat *ret)
{
    uint64_t fields[FIELD_LAST + 1] = {0};
    const char *at = strrchr(line, ')'); /* the name may hold anything, also this */
    if (!at || strlen(at) < 4 || at[1] != ' ' || at[3] != ' ' || !read_fields(at + 4, fields))
        return false;
    *ret = (struct process_stat){.user_ticks = fields[FIELD_UTIME],
                                 .system_ticks = fields[FIELD_STIME],
                                 .threads = fields[FIELD_THREADS],
                                 .start_ticks = fields[FIELD_START],
                                 .virtual_bytes = fields[FIELD_VSIZE],
                                 .resident_pages = fields[FIELD_RSS]};
    return true;
}
