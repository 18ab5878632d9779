/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/listener_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SOCKET_MODE 0600

static struct err *new_socket(int *ret)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(ERR_STORAGE, errno, "making a socket");
    *ret = fd;
    return NULL;
}

/* Held while we look whether a socket is stale, replace it and begin to listen. */
static struct err *lock_directory(const char *path, int *ret)
{
    char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
    size_t len = (size_t)(strrchr(path, '/') - path);
    snprintf(dir, sizeof(dir), "%.*s", (int)(len ? len : 1), path);
    CLEANUP(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set_hint(err_sys(ERR_STORAGE, errno, "opening its directory '%s'", dir),
                            "Create the directory, and let the agent's user write to it.");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return err_sys(errno == EWOULDBLOCK ? ERR_BUSY : ERR_STORAGE, errno,
                       "locking its directory '%s'", dir);
    *ret = TAKE_FD(fd);
    return NULL;
}

/* 0: somebody listens there; else why nobody was reached. */
static int try_to_reach(int fd, const struct diag_address *a)
{
    if (connect(fd, &a->at.any, a->len) == 0 || errno == EAGAIN)
        return 0;
    return errno;
}

/* Removes what is at the path if it is a socket of ours that nobody listens on. */
static struct err *clear_stale(const struct diag_address *a)
{
    const char *path = a->at.local.sun_path;
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? NULL : err_sys(ERR_STORAGE, errno, "looking at it");
    if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
        return err_set_hint(err_new(ERR_STORAGE, "what is there is %s",
                                    S_ISSOCK(st.st_mode) ? "another user's" : "no socket"),
                            "Remove it if nobody needs it, or choose another path.");
    CLEANUP(closep) int fd = -1;
    TRY(new_socket(&fd));
    int why = try_to_reach(fd, a);
    if (why == 0)
        return err_set_hint(err_new(ERR_BUSY, "another process listens there"),
                            "Stop the other agent, or choose another path.");
    if (why != ECONNREFUSED)
        return err_sys(ERR_STORAGE, why, "asking whether anybody listens there");
    if (unlink(path) < 0 && errno != ENOENT)
        return err_sys(ERR_STORAGE, errno, "removing the stale socket");
    return NULL;
}

static struct err *listen_at(const struct diag_address *a, struct diag_listener *l)
{
    const char *path = a->at.local.sun_path;
    CLEANUP(closep) int lock = -1;
    CLEANUP(closep) int fd = -1;
    struct stat st;
    TRY(lock_directory(path, &lock));
    TRY(clear_stale(a));
    TRY(new_socket(&fd));
    /* Linux gives the file the mode that the socket has when it is bound, so there is no moment at
     * which others may connect, and no umask to set for the whole process. */
    if (fchmod(fd, SOCKET_MODE) < 0)
        return err_sys(ERR_STORAGE, errno, "setting its mode");
    if (bind(fd, &a->at.any, a->len) < 0)
        return err_sys(ERR_STORAGE, errno, "binding it");
    if (lstat(path, &st) < 0 || listen(fd, DIAG_BACKLOG) < 0) {
        struct err *e = err_sys(ERR_STORAGE, errno, "listening");
        unlink(path);
        return e;
    }
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    snprintf(l->path, sizeof(l->path), "%s", path);
    l->fd = TAKE_FD(fd);
    return NULL;
}

RESULT diag_listener_open_unix(const struct diag_address *a, struct diag_listener *l)
{
    l->origin = DIAG_FROM_SOCKET;
    TRY_CTX(listen_at(a, l), "diagnostics socket '%s'", a->at.local.sun_path);
    return NULL;
}
