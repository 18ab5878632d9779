/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_table.h"

#include "agent/absolute_path.h"
#include "base/text.h"

#include <signal.h>
#include <string.h>

static const int signals[] = {
    [CONFIG_SIGNAL_HUP] = SIGHUP,     [CONFIG_SIGNAL_INT] = SIGINT,
    [CONFIG_SIGNAL_QUIT] = SIGQUIT,   [CONFIG_SIGNAL_TERM] = SIGTERM,
    [CONFIG_SIGNAL_USR1] = SIGUSR1,   [CONFIG_SIGNAL_USR2] = SIGUSR2,
    [CONFIG_SIGNAL_WINCH] = SIGWINCH,
};

const char *hook_table_target(const struct hook_entry *entry)
{
    return entry->argv ? entry->argv[0] : entry->pid_file;
}

const char *hook_table_kind(const struct hook_entry *entry)
{
    return entry->argv ? "command" : "signal";
}

static void free_texts(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
}

static void entry_release(struct hook_entry *e)
{
    free(e->service);
    free_texts(e->argv);
    free(e->argv);
    free_texts(e->environ);
    free(e->pid_file);
}

void hook_table_release(struct hook_table *t)
{
    for (size_t i = 0; i < t->len; i++)
        entry_release(&t->items[i]);
    free(t->items);
    *t = (struct hook_table){0};
}

static RESULT copy_text(const char *text, char **ret)
{
    *ret = strdup(text);
    return *ret ? NULL : err_nomem();
}

static RESULT copy_words(const struct strlist *words, struct hook_entry *e)
{
    e->argv = calloc(words->len + 1, sizeof(*e->argv));
    if (!e->argv)
        return err_nomem();
    for (size_t i = 0; i < words->len; i++)
        TRY(copy_text(words->items[i], &e->argv[i]));
    return NULL;
}

/* The directory by its absolute path: a command runs elsewhere. */
static RESULT make_environment(const struct config_service *s, struct hook_entry *e)
{
    CLEANUP(freep) char *dir = NULL;
    TRY(copy_text("PATH=" HOOK_TABLE_PATH, &e->environ[0]));
    TRY(text_format(&e->environ[1], "TBOT_SERVICE=%s", s->name));
    if (s->destination.type != CONFIG_DESTINATION_DIRECTORY)
        return NULL;
    TRY(absolute_path(s->destination.path, &dir));
    return text_format(&e->environ[2], "TBOT_DESTINATION=%s", dir);
}

static RESULT make_command(const struct config_service *s, struct hook_entry *e)
{
    struct dur timeout = s->hook.timeout;
    e->timeout = timeout.ns ? timeout : dur_s(CONFIG_DEFAULT_HOOK_S);
    TRY(copy_words(&s->hook.command, e));
    return make_environment(s, e);
}

static RESULT make_entry(const struct config_service *s, struct hook_entry *e)
{
    TRY(copy_text(s->name, &e->service));
    if (s->hook.command.len > 0)
        return make_command(s, e);
    e->signo = signals[s->hook.signal];
    return copy_text(s->hook.pid_file, &e->pid_file);
}

RESULT hook_table_make(const struct config *config, struct hook_table *ret)
{
    CLEANUP(hook_table_release) struct hook_table t = {0};
    t.items = calloc(config->n_services + 1, sizeof(*t.items));
    if (!t.items)
        return err_nomem();
    for (size_t i = 0; i < config->n_services; i++)
        if (config_hook_is_given(&config->services[i].hook))
            TRY(make_entry(&config->services[i], &t.items[t.len++]));
    *ret = t;
    t = (struct hook_table){0};
    return NULL;
}
