/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_keeper.h"

#include "agent/hook_command.h"
#include "agent/hook_message.h"
#include "agent/hook_signal.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void tell(const struct hook_keeper *k, const struct hook_tell *m, int flags)
{
    (void)send(k->fd, m, sizeof(*m), flags | MSG_NOSIGNAL);
}

/* Nobody waits for a log: a line that there is no room for is lost. */
static void tell_line(void *arg, const char *line)
{
    const struct hook_keeper *k = arg;
    struct hook_tell m = {.told = HOOK_SAYS, .index = k->index};
    snprintf(m.text, sizeof(m.text), "%s", line);
    tell(k, &m, MSG_DONTWAIT);
}

void hook_keeper_tell_end(const struct hook_keeper *k, const struct err *e)
{
    struct hook_tell m = {.told = HOOK_ENDED, .index = k->index, .code = err_code(e)};
    CLEANUP(freep) char *text = e ? err_text(e) : NULL;
    snprintf(m.text, sizeof(m.text), "%s", text ? text : "");
    snprintf(m.hint, sizeof(m.hint), "%s", e && err_hint(e) ? err_hint(e) : "");
    tell(k, &m, 0);
}

static RESULT run(struct hook_keeper *k)
{
    const struct hook_entry *entry = &k->table->items[k->index];
    if (!entry->argv)
        return hook_signal_send(entry->pid_file, entry->signo);
    struct hook_lines lines = {.tell = tell_line, .arg = k};
    struct hook_command c = {.entry = entry, .clock = k->clock, .life = k->life, .lines = &lines};
    return hook_command_run(&c);
}

void hook_keeper_run(struct hook_keeper *k)
{
    prctl(PR_SET_NAME, "tbot-hook");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct err *e = run(k);
    hook_keeper_tell_end(k, e);
    err_free(e);
}
