/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of a service's new files. Nobody is told anything here. */
#include "agent/check_private.h"
#include "agent/hook_program.h"
#include "agent/hook_signal.h"

#define HOOK "hook"

/* A failure though the files would be written: what is configured would not work. */
static void check_command(struct check *c, const struct check_point *at,
                          const struct config_hook *h)
{
    struct err *e = hook_program_check(h->command.items[0]);
    if (e)
        check_err(c, at, CHECK_FAILED, e);
    else
        check_ok(c, at, "'%s' can be run", h->command.items[0]);
}

/* The program that writes the file may not run yet: its absence is worth a look. */
static void check_signal(struct check *c, const struct check_point *at, const struct config_hook *h)
{
    struct err *e = hook_signal_send(h->pid_file, 0);
    if (e)
        check_err(c, at, err_code(e) == ERR_NOT_FOUND ? CHECK_WARNING : CHECK_FAILED, e);
    else
        check_ok(c, at, "the process of '%s' can be sent signals", h->pid_file);
}

void check_hook(struct check *c, const struct config_service *service)
{
    const struct check_point at = {HOOK, service->name};
    if (service->hook.command.len > 0)
        check_command(c, &at, &service->hook);
    else if (service->hook.pid_file)
        check_signal(c, &at, &service->hook);
}
