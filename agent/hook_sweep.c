/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_sweep.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Children die within microseconds; what remains is looked at again after this. */
#define PAUSE_MS 5

#define STAT_SIZE 512

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* The parent of process `name`, a directory in `proc`; 0 when it has gone. Its own name may be anything. */
static int64_t parent_of(int proc, const char *name)
{
    char path[64], text[STAT_SIZE], number[24] = "";
    int64_t parent = 0;
    snprintf(path, sizeof(path), "%.20s/stat", name);
    CLEANUP(closep) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    const char *behind_name = strrchr(text, ')'); /* "812 (nginx) S 1 …" */
    if (!behind_name || sscanf(behind_name, ") %*c %20s", number) != 1)
        return 0;
    return text_number(number, &parent) ? parent : 0;
}

/* Among all that can be seen: where processes are hidden, those of ours that let nobody look into them are not. */
static void kill_found_children(void)
{
    CLEANUP(close_dir) DIR *proc = opendir("/proc");
    const struct dirent *entry = NULL;
    int64_t pid = 0;
    while (proc && (entry = readdir(proc)) != NULL)
        if (text_number(entry->d_name, &pid) && parent_of(dirfd(proc), entry->d_name) == getpid())
            kill((pid_t)pid, SIGKILL);
}

/* A container may show somebody else's /proc, whose numbers are of other processes here. */
static bool is_our_proc(void)
{
    char shown[24] = "", own[24];
    ssize_t len = readlink("/proc/self", shown, sizeof(shown) - 1);
    snprintf(own, sizeof(own), "%d", (int)getpid());
    return len > 0 && strcmp(shown, own) == 0;
}

/* The kernel's list of them, which has all, is missing in kernels that were built without it. */
static void kill_children(void)
{
    char number[24];
    int64_t pid = 0;
    if (!is_our_proc())
        return;
    FILE *list = fopen("/proc/thread-self/children", "re");
    if (!list) {
        kill_found_children();
        return;
    }
    while (fscanf(list, "%20s", number) == 1)
        if (text_number(number, &pid) && pid > 1)
            kill((pid_t)pid, SIGKILL);
    fclose(list);
}

/* False: there are none any more. */
static bool has_children(void)
{
    pid_t pid = 0;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    return pid == 0 || errno != ECHILD;
}

bool hook_sweep(pid_t group, const struct clock *clock, struct dur limit)
{
    struct mono until = mono_add(clock_mono(clock), limit);
    if (group > 0)
        kill(-group, SIGKILL);
    while (has_children()) {
        if (!mono_before(clock_mono(clock), until))
            return false;
        kill_children();
        poll(NULL, 0, PAUSE_MS);
    }
    return true;
}
