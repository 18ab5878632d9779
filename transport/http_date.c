/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http_date.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* Not strptime(): it follows the locale and forgives too much. */
static bool has_form(const char *text)
{
    static const char form[] = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        bool is_last_word = i >= sizeof(" Aaa, 00 Aaa 0000 00:00:00") - 1;
        bool fits = text[i] == form[i];
        if (form[i] == '0')
            fits = isdigit((unsigned char)text[i]);
        else if (isalpha((unsigned char)form[i]) && !is_last_word)
            fits = isalpha((unsigned char)text[i]);
        if (!fits)
            return false;
    }
    return true;
}

static int month(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (memcmp(text, months + 3 * i, 3) == 0)
            return i;
    return -1;
}

struct wall http_date_parse(const char *text)
{
    if (!has_form(text))
        return WALL_NONE;
    struct tm tm = {
        .tm_mday = text_digits(text + 5, 2),
        .tm_mon = month(text + 8),
        .tm_year = text_digits(text + 12, 4) - 1900,
        .tm_hour = text_digits(text + 17, 2),
        .tm_min = text_digits(text + 20, 2),
        .tm_sec = text_digits(text + 23, 2),
    };
    /* Our nanoseconds end in 2262. timegm() carries what is too large over: then it is no date. */
    struct tm carried = tm;
    if (tm.tm_mon < 0 || tm.tm_year < 71 || tm.tm_year > 300)
        return WALL_NONE;
    int64_t unix_time = timegm(&carried);
    bool is_date = carried.tm_mday == tm.tm_mday && carried.tm_hour == tm.tm_hour &&
                   carried.tm_min == tm.tm_min && carried.tm_sec == tm.tm_sec;
    return is_date ? wall_of_unix(unix_time) : WALL_NONE;
}
