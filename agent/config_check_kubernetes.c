/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"

#include "base/text.h"

#include <string.h>

/* RFC 1123, as Kubernetes has it. */
#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789-"
#define LABEL_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

static bool is_made_of(const char *text, const char *bytes, size_t max)
{
    size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, bytes) == len && text[0] != '-' &&
           text[0] != '.' && text[len - 1] != '-' && text[len - 1] != '.';
}

/* "app", "example.com/app" */
static bool is_label_name(const char *text)
{
    const char *slash = strchr(text, '/');
    char prefix[NAME_MAX_LEN + 1];
    if (!slash)
        return is_made_of(text, LABEL_BYTES, LABEL_MAX_LEN);
    size_t len = (size_t)(slash - text);
    if (len >= sizeof(prefix))
        return false;
    memcpy(prefix, text, len);
    prefix[len] = '\0';
    return is_made_of(prefix, NAME_BYTES ".", NAME_MAX_LEN) &&
           is_made_of(slash + 1, LABEL_BYTES, LABEL_MAX_LEN);
}

static RESULT check_labels(const struct config_destination *d, struct config_report *report)
{
    for (size_t i = 0; i < d->labels.len; i++) {
        const struct config_label *l = &d->labels.items[i];
        if (!is_label_name(l->name))
            TRY(config_report_error(report, d->at,
                                    "key 'labels': '%.80s' is no name of a label: letters, "
                                    "digits, '-', '_' and '.', 63 at most, perhaps after a domain "
                                    "and '/'",
                                    l->name));
        if (*l->value && !is_made_of(l->value, LABEL_BYTES, LABEL_MAX_LEN))
            TRY(config_report_error(report, d->at,
                                    "key 'labels': '%.80s' is no value of a label: letters, "
                                    "digits, '-', '_' and '.', 63 at most",
                                    l->value));
    }
    return NULL;
}

struct err *config_check_kubernetes(const struct config_destination *d,
                                    struct config_report *report)
{
    if (d->type != CONFIG_DESTINATION_KUBERNETES_SECRET)
        return NULL;
    const char *space = text_given(d->name_space), *dir = text_given(d->service_account_dir);
    if (d->name && !is_made_of(d->name, NAME_BYTES ".", NAME_MAX_LEN))
        TRY(config_report_error(report, d->at,
                                "key 'name': '%.80s' is no name of a secret: lower-case letters, "
                                "digits, '-' and '.'",
                                d->name));
    if (space && !is_made_of(space, NAME_BYTES, LABEL_MAX_LEN))
        TRY(config_report_error(report, d->at,
                                "key 'namespace': '%.80s' is no name of a namespace: lower-case "
                                "letters, digits and '-', 63 at most",
                                space));
    if (dir && dir[0] != '/')
        TRY(config_report_error(
            report, d->at, "key 'service_account_dir': '%.80s' must be an absolute path", dir));
    return check_labels(d, report);
}
