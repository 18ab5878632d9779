/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify_status.h"

#include <stdio.h>
#include <string.h>

static const char *service(const struct health_summary *all, char out[64])
{
    char until[RFC3339_SIZE];
    if (!all->is_serving)
        return all->state == HEALTH_STARTING ? "Starting" : "Not serving";
    if (all->state != HEALTH_DEGRADED || all->first_expiry.ns == WALL_NEVER.ns)
        return "Serving";
    snprintf(out, 64, "Serving what is valid until %s",
             wall_format(all->first_expiry, false, until));
    return out;
}

static void describe(const struct notify_facts *f, char out[NOTIFY_STATUS_SIZE])
{
    char text[64];
    struct health_view v;
    struct health_summary all = health_overall(f->health, f->now);
    const char *serves = service(&all, text);
    if (all.state == HEALTH_OK || !health_culprit(f->health, f->now, &v))
        snprintf(out, NOTIFY_STATUS_SIZE, "%s, in touch with %s", serves, f->cluster);
    else if (v.state == HEALTH_STARTING)
        snprintf(out, NOTIFY_STATUS_SIZE, "%s; waiting for %s", serves, v.name);
    else
        snprintf(out, NOTIFY_STATUS_SIZE, "%s; %s is %s: %s", serves, v.name,
                 health_state_name(v.state), v.reason ? v.reason : "no reason is known");
}

/* First things first: what it serves may be more than fits. */
static void add_reload(const struct notify_facts *f, char out[NOTIFY_STATUS_SIZE])
{
    size_t len = strlen(out);
    if (f->reload_error && f->reload_error[0])
        snprintf(out + len, NOTIFY_STATUS_SIZE - len, "; the new configuration is not in force: %s",
                 f->reload_error);
}

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* A manager drops what is no UTF-8, and takes a line's end for the end of the sentence. */
static void tidy(char out[NOTIFY_STATUS_SIZE])
{
    size_t len = strlen(out);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
            out[i] = ' ';
    if (len < NOTIFY_STATUS_SIZE - 1)
        return;
    while (len > 0 && is_inside_character(out[len - 1]))
        len--;
    out[len > 0 ? len - 1 : 0] = '\0'; /* the last character may be cut: it goes as a whole */
}

char *notify_status(const struct notify_facts *f, char out[NOTIFY_STATUS_SIZE])
{
    if (f->is_stopping)
        snprintf(out, NOTIFY_STATUS_SIZE, "%s",
                 f->awaits_reply ? "Stopping, waits for the cluster's reply" : "Stopping");
    else {
        describe(f, out);
        add_reload(f, out);
    }
    tidy(out);
    return out;
}
