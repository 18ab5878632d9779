/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_TABLE_H
#define TBOT_AGENT_HOOK_TABLE_H

/*
 * The hooks of a configuration, as plain data of its own: the helper that runs them keeps this and
 * nothing else (agent/hook_helper.h). A hook's number is its place here.
 */

#include "agent/config.h"

/* What is not in the environment of tbot itself either way: a hook's does not depend on who started it. */
#define HOOK_TABLE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define HOOK_TABLE_VARIABLES 3

struct hook_entry {
    char *service;
    char **argv;                             /* NULL-terminated; NULL: a signal */
    char *environ[HOOK_TABLE_VARIABLES + 1]; /* of the command; NULL-terminated */
    struct dur timeout;
    char *pid_file;
    int signo;
};

struct hook_table {
    struct hook_entry *items;
    size_t len;
};

/* Empty where no service has a hook. ERR_STORAGE, ERR_NOMEM. */
RESULT hook_table_make(const struct config *config, struct hook_table *ret);
void hook_table_release(struct hook_table *t);

/* The program, or the pid file: what a person knows the hook by. */
const char *hook_table_target(const struct hook_entry *entry);

/* "command", "signal". */
const char *hook_table_kind(const struct hook_entry *entry);

#endif
