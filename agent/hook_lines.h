/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_LINES_H
#define TBOT_AGENT_HOOK_LINES_H

/*
 * What a command says, as lines that a log can show: printable ASCII, every other byte as \xNN, a tab
 * as a blank. A line is cut at its maximum, and after HOOK_LINES_MAX of them the rest is only counted.
 * Empty lines are left out.
 */

#include <stdbool.h>
#include <stddef.h>

#define HOOK_LINES_SIZE 400 /* of a line, its end included */
#define HOOK_LINES_MAX 50

/* The first two are the caller's, the rest begins as zero. */
struct hook_lines {
    void (*tell)(void *arg, const char *line);
    void *arg;
    char line[HOOK_LINES_SIZE];
    size_t len;
    bool is_cut;
    unsigned told, untold;
};

void hook_lines_add(struct hook_lines *l, const char *data, size_t len);

/* What has no end of line yet, and how much was left out. */
void hook_lines_end(struct hook_lines *l);

#endif
