/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"
#include "agent/push_target.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define PREFIX_MAX 128
#define INTERVAL_MIN_S 1

/* As it stands in Graphite's names: words between single dots. */
static bool is_prefix(const char *text)
{
    size_t len = strlen(text);
    if (len > PREFIX_MAX || text[0] == '.' || text[len - 1] == '.' || strstr(text, ".."))
        return false;
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
            return false;
    return true;
}

struct err *config_check_metrics(const struct config *c, struct config_report *report)
{
    const struct config_metrics *m = &c->metrics;
    struct push_target ignored;
    if (text_given(m->graphite))
        TRY(config_report_refusal(report, m->at_graphite, "graphite",
                                  push_target_graphite(m->graphite, &ignored)));
    if (text_given(m->url))
        TRY(config_report_refusal(report, m->at_url, "url", push_target_url(m->url, &ignored)));
    if (text_given(m->prefix) && !is_prefix(m->prefix))
        TRY(config_report_error(
            report, m->at_prefix,
            "key 'prefix': '%.150s' is not made of letters, digits, '-' and '_' "
            "with single dots between, %d at most",
            m->prefix, PREFIX_MAX));
    if (m->interval.ns < dur_s(INTERVAL_MIN_S).ns)
        TRY(config_report_error(report, m->at_interval, "key 'interval': must be at least 1s"));
    return NULL;
}
