/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"

static RESULT check_command(const struct config_service *s, struct config_report *report)
{
    const struct config_hook *h = &s->hook;
    if (h->command.len > CONFIG_MAX_HOOK_WORDS)
        TRY(config_report_error(report, h->at_command, "key 'command': more than %d words",
                                CONFIG_MAX_HOOK_WORDS));
    if (h->command.items[0][0] != '/')
        TRY(config_report_error(report, h->at_command,
                                "key 'command': '%.80s' is not an absolute path; no PATH is "
                                "searched, and no shell is started",
                                h->command.items[0]));
    if (h->at_signal.line > 0)
        TRY(config_report_error(report, h->at_signal, "key 'signal': needs 'pid_file'"));
    if (h->timeout.ns > dur_s(CONFIG_MAX_HOOK_S).ns)
        TRY(config_report_error(report, h->at_timeout, "key 'timeout': at most %dm",
                                CONFIG_MAX_HOOK_S / 60));
    return NULL;
}

static RESULT check_signal(const struct config_service *s, struct config_report *report)
{
    const struct config_hook *h = &s->hook;
    if (h->pid_file[0] != '/')
        TRY(config_report_error(report, h->at_pid_file,
                                "key 'pid_file': '%.80s' is not an absolute path", h->pid_file));
    if (h->at_timeout.line > 0)
        TRY(config_report_error(report, h->at_timeout, "key 'timeout': needs 'command'"));
    return NULL;
}

struct err *config_check_hook(const struct config_service *s, struct config_report *report)
{
    const struct config_hook *h = &s->hook;
    if (h->command.len > 0 && h->pid_file)
        return config_report_error(report, h->at_pid_file,
                                   "key 'pid_file': excludes 'command', set one of the two");
    if (h->command.len > 0)
        return check_command(s, report);
    if (h->pid_file)
        return check_signal(s, report);
    if (s->at_hook.line > 0)
        return config_report_error(report, s->at_hook,
                                   "key 'reload': needs 'command' or 'pid_file'");
    return NULL;
}
