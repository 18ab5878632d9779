/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/tasks.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TASKS "/proc/self/task"

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* At most `size` - 1 bytes of a file of the thread's; "" when it is gone. */
static void read_file(pid_t tid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), TASKS "/%d/%s", (int)tid, name);
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    text[n > 0 ? n : 0] = '\0';
}

static void add_task(struct task_list *l, pid_t tid)
{
    struct task *t = &l->items[l->n++];
    char name[32];

    read_file(tid, "comm", name, sizeof(name));
    name[strcspn(name, "\n")] = '\0';
    t->tid = tid;
    snprintf(t->name, sizeof(t->name), "%.15s", name);
}

RESULT tasks_list(struct task_list *ret)
{
    CLEANUP(close_dir) DIR *d = opendir(TASKS);

    ret->n = 0;
    if (!d)
        return err_sys(ERR_UNAVAILABLE, errno, "list threads: open '%s'", TASKS);
    for (struct dirent *e; ret->n < TASKS_MAX && (e = readdir(d)) != NULL;) {
        if (isdigit((unsigned char)e->d_name[0]))
            add_task(ret, (pid_t)strtol(e->d_name, NULL, 10));
    }
    return NULL;
}

struct task_state task_state_parse(const char *stat)
{
    struct task_state s = {.letter = '?'};
    const char *at = strrchr(stat, ')'); /* the name before it may hold anything */

    if (!at || at[1] != ' ' || !at[2])
        return s;
    s.letter = at[2];
    /* state is the third field; utime and stime are the 14th and the 15th. */
    for (int field = 2; at && field < 14; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return s;
    char *end = NULL;
    s.cpu_ticks = strtoull(at, &end, 10);
    s.cpu_ticks += strtoull(end, NULL, 10);
    return s;
}

struct task_state task_state(pid_t tid)
{
    char text[512];

    read_file(tid, "stat", text, sizeof(text));
    return task_state_parse(text);
}
