/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static RESULT make_addr(const char *path, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (!*path || strlen(path) >= sizeof(ret->sun_path))
        return err_new(ERR_USAGE, "a socket's path has 1 to %zu characters, unlike '%s'",
                       sizeof(ret->sun_path) - 1, path);
    memcpy(ret->sun_path, path, strlen(path) + 1);
    return NULL;
}

/* Whether the path is a socket left behind: nobody listens on it. */
static bool is_stale(const struct sockaddr_un *addr)
{
    struct stat st;
    if (lstat(addr->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return false;
    CLEANUP(closep) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return probe >= 0 && connect(probe, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
           errno == ECONNREFUSED;
}

RESULT control_listen(const char *path, int *ret_fd)
{
    struct sockaddr_un addr;
    TRY(make_addr(path, &addr));
    if (is_stale(&addr))
        (void)unlink(path);
    CLEANUP(closep)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
    int failure = errno;
    umask(before);
    if (!is_bound)
        return err_sys(ERR_UNAVAILABLE, failure, "listening on '%s'", path);
    if (listen(fd, 16) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "listening on '%s'", path);
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

/* Quoted, so that the words arrive as they were. */
static RESULT add_word(const char *word, struct buf *line)
{
    if (strchr(word, '\n'))
        return err_new(ERR_USAGE, "a command is one line");
    TRY(buf_add_str(line, line->len ? " \"" : "\""));
    for (const char *p = word; *p; p++) {
        if (*p == '"' || *p == '\\')
            TRY(buf_add_str(line, "\\"));
        TRY(buf_add(line, p, 1));
    }
    return buf_add_str(line, "\"");
}

static RESULT exchange(int fd, struct bytes line, struct buf *reply)
{
    for (size_t done = 0; done < line.len;) {
        ssize_t n = send(fd, line.data + done, line.len - done, MSG_NOSIGNAL);
        if (n < 0)
            return err_sys(ERR_UNAVAILABLE, errno, "sending the command");
        done += (size_t)n;
    }
    for (;;) {
        uint8_t *at = NULL;
        TRY(buf_reserve(reply, 4096, &at));
        ssize_t n = recv(fd, at, 4096, 0);
        if (n < 0)
            return err_sys(ERR_UNAVAILABLE, errno, "reading the answer");
        if (!n)
            return NULL;
        buf_commit(reply, (size_t)n);
    }
}

/* The last line says how it went; what stands before it is printed. */
static RESULT report(struct buf *reply)
{
    if (!reply->len || reply->data[reply->len - 1] != '\n')
        return err_new(ERR_UNAVAILABLE, "the authority ended without an answer");
    reply->data[--reply->len] = '\0';
    char *text = (char *)reply->data;
    char *newline = strrchr(text, '\n');
    char *last = newline ? newline + 1 : text;
    printf("%.*s", (int)(last - text), text);
    if (strcmp(last, "ok") == 0)
        return NULL;
    return err_new(ERR_REJECTED, "%s", strncmp(last, "error: ", 7) == 0 ? last + 7 : last);
}

RESULT control_send(const char *path, char *const *words, int n_words)
{
    struct sockaddr_un addr;
    CLEANUP(buf_release) struct buf line = BUF_INIT(CONTROL_MAX_LINE);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(CONTROL_MAX_REPLY + 4096);
    if (n_words < 1)
        return err_new(ERR_USAGE, "a command is missing");
    TRY(make_addr(path, &addr));
    for (int i = 0; i < n_words; i++)
        TRY(add_word(words[i], &line));
    TRY(buf_add_str(&line, "\n"));
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
        return err_set_hint(err_sys(ERR_UNAVAILABLE, errno, "connecting to '%s'", path),
                            "Is a tbot-authority running that was started with --control %s?",
                            path);
    TRY(exchange(fd, buf_bytes(&line), &reply));
    return report(&reply);
}
