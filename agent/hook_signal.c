/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_signal.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* A number and, at PostgreSQL, some lines more. */
#define FILE_MAX 4096

/* What a file names. */
struct target {
    pid_t pid;
    uid_t owner; /* of the file */
};

/* --- the file --- */

static enum err_code code_of(int errnum)
{
    return errnum == ENOENT || errnum == ESRCH ? ERR_NOT_FOUND : ERR_STORAGE;
}

static RESULT open_file(const char *path, int *ret)
{
    /* Not to wait for whoever writes to a pipe, nor to end up with a terminal. */
    *ret = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*ret >= 0)
        return NULL;
    if (errno == ELOOP)
        return err_set_hint(err_new(ERR_STORAGE, "pid file '%s' is a symbolic link", path),
                            "Name the file itself as 'pid_file'.");
    return err_set_hint(err_sys(code_of(errno), errno, "open pid file '%s'", path),
                        "The program to be told writes this file while it runs: see whether it "
                        "does, and where; tbot's user must be able to read it.");
}

static RESULT judge_file(const char *path, int fd, uid_t *ret_owner)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_sys(ERR_STORAGE, errno, "look at pid file '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_new(ERR_STORAGE, "pid file '%s' is not a regular file", path);
    if (st.st_mode & 022)
        return err_set_hint(
            err_new(ERR_STORAGE,
                    "pid file '%s' can be written by others than its owner (mode %04o)", path,
                    (unsigned)st.st_mode & 07777),
            "Whoever can write it chooses which process gets the signal: 'chmod go-w'.");
    *ret_owner = st.st_uid;
    return NULL;
}

static RESULT read_number(const char *path, int fd, pid_t *ret)
{
    char text[FILE_MAX + 1];
    int64_t number = 0;
    ssize_t len = read(fd, text, sizeof(text));
    if (len < 0)
        return err_sys(ERR_STORAGE, errno, "read pid file '%s'", path);
    if (len > FILE_MAX)
        return err_new(ERR_STORAGE, "pid file '%s' has more than %d bytes", path, FILE_MAX);
    text[len] = '\0';
    text[strcspn(text, " \t\r\n")] = '\0';
    if (!text_number(text, &number) || number <= 1 || number > INT32_MAX)
        return err_new(ERR_STORAGE, "pid file '%s' does not begin with the number of a process",
                       path);
    *ret = (pid_t)number;
    return NULL;
}

static RESULT read_target(const char *path, struct target *ret)
{
    CLEANUP(closep) int fd = -1;
    TRY(open_file(path, &fd));
    TRY(judge_file(path, fd, &ret->owner));
    return read_number(path, fd, &ret->pid);
}

/* --- the process --- */

static RESULT no_such_process(const char *path, pid_t pid)
{
    return err_set_hint(
        err_new(ERR_NOT_FOUND, "process %d of pid file '%s' does not run", (int)pid, path),
        "The file is left over: see whether the program to be told runs.");
}

/* Our view of /proc may leave the processes of others out. */
static RESULT cannot_see(const char *path, pid_t pid)
{
    if (kill(pid, 0) != 0 && errno == ESRCH)
        return no_such_process(path, pid);
    return err_set_hint(
        err_new(ERR_STORAGE, "whose process %d of pid file '%s' is cannot be seen in /proc",
                (int)pid, path),
        "A unit of systemd that hides processes needs 'ProtectProc=default' for this.");
}

/* The real user of a process: its own files in /proc may be root's, where it has been more. */
static RESULT read_user(const char *path, pid_t pid, uid_t *ret)
{
    char name[64], line[256], number[24] = "";
    int64_t user = 0;
    snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
    FILE *f = fopen(name, "re");
    if (!f)
        return cannot_see(path, pid);
    while (!*number && fgets(line, sizeof(line), f))
        if (sscanf(line, "Uid: %20s", number) != 1)
            *number = '\0';
    fclose(f);
    if (!text_number(number, &user)) /* it died while it was looked at */
        return no_such_process(path, pid);
    *ret = (uid_t)user;
    return NULL;
}

static RESULT judge_process(const char *path, const struct target *p)
{
    uid_t user = 0;
    if (p->owner == 0 || p->owner == geteuid())
        return NULL;
    TRY(read_user(path, p->pid, &user));
    if (user == p->owner)
        return NULL;
    return err_set_hint(
        err_new(ERR_STORAGE,
                "pid file '%s' belongs to user %u, and process %d in it to another, user %u", path,
                (unsigned)p->owner, (int)p->pid, (unsigned)user),
        "A file of somebody else is believed about his own processes only; root's about all.");
}

static RESULT send_failed(const char *path, pid_t pid, int errnum)
{
    if (errnum == ESRCH)
        return no_such_process(path, pid);
    struct err *e = err_sys(ERR_STORAGE, errnum,
                            "process %d of pid file '%s' cannot be sent signals", (int)pid, path);
    return errnum == EPERM ? err_set_hint(e, "tbot must run as that process's user, or as one with "
                                             "CAP_KILL; or have 'command' ask the service manager.")
                           : e;
}

/* Linux before 5.3 has no handles of processes, and some containers forbid them. */
static RESULT send_by_number(const char *path, const struct target *p, int signo)
{
    TRY(judge_process(path, p));
    return kill(p->pid, signo) == 0 ? NULL : send_failed(path, p->pid, errno);
}

/* With a handle the number cannot become another process's between a look and the signal. */
RESULT hook_signal_send(const char *pid_file, int signo)
{
    struct target p = {0};
    TRY(read_target(pid_file, &p));
    CLEANUP(closep) int fd = (int)syscall(SYS_pidfd_open, p.pid, 0);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return send_by_number(pid_file, &p, signo);
    if (fd < 0)
        return send_failed(pid_file, p.pid, errno);
    TRY(judge_process(pid_file, &p));
    return syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0) == 0
               ? NULL
               : send_failed(pid_file, p.pid, errno);
}
