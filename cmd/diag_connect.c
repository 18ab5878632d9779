/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_connect.h"

#include "base/tls.h"
#include "transport/dial.h"
#include "transport/http_plain.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define USER_TEXT_SIZE 64

/* How long to leave a socket alone whose queue is full: the agent takes connections in turns of its loop. */
#define FULL_MS 20

/* --- a Unix socket --- */

/* Who the socket belongs to, or the first directory above it that we may look at. */
static bool find_owner(const char *path, uid_t *ret)
{
    char above[DIAG_WHERE_PATH_SIZE];
    struct stat st;
    snprintf(above, sizeof(above), "%s", path);
    for (;;) {
        if (stat(above, &st) == 0) {
            *ret = st.st_uid;
            return true;
        }
        char *slash = strrchr(above, '/');
        if (!slash || slash == above)
            return false;
        *slash = '\0';
    }
}

static const char *user_text(uid_t uid, char out[USER_TEXT_SIZE])
{
    char room[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) == 0 && found)
        snprintf(out, USER_TEXT_SIZE, "%s", found->pw_name);
    else
        snprintf(out, USER_TEXT_SIZE, "#%u", (unsigned)uid); /* as sudo -u takes it */
    return out;
}

static struct err *explain(struct err *e, const char *path)
{
    char user[USER_TEXT_SIZE];
    uid_t owner;
    switch (err_errno(e)) {
    case ENOENT:
    case ENOTDIR:
        return err_set_hint(e, "Is the agent running? It makes this socket when it starts, unless "
                               "'diag_socket' says otherwise; -c FILE, --storage or --diag-socket "
                               "say where to look.");
    case ECONNREFUSED:
        return err_set_hint(e, "The agent that made this socket does not run any more.");
    case EACCES:
    case EPERM:
        if (find_owner(path, &owner))
            return err_set_hint(e,
                                "Ask as the user it belongs to (sudo -u '%s' tbot …) or as root.",
                                user_text(owner, user));
        return err_set_hint(e, "Ask as the user the agent runs as, or as root.");
    default:
        return e;
    }
}

/* Unlike TCP, a Unix socket whose queue is full does not keep us waiting: it says EAGAIN. */
static RESULT connect_patiently(int fd, const struct sockaddr_un *to, const struct ctx *ctx)
{
    while (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
        if (errno == EAGAIN || errno == EINTR)
            TRY(ctx_sleep(ctx, dur_ms(FULL_MS)));
        else
            return err_sys(errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_UNAVAILABLE, errno,
                           "connect");
    }
    return NULL;
}

static RESULT connect_socket(const char *path, const struct ctx *ctx, int *ret)
{
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "socket");
    memcpy(to.sun_path, path, strlen(path) + 1);
    struct err *e = connect_patiently(fd, &to, ctx);
    if (e)
        return explain(e, path);
    *ret = TAKE_FD(fd);
    return NULL;
}

/* --- the network --- */

static RESULT connect_tls(const struct address *a, struct stack_st_X509 *roots,
                          const struct ctx *ctx, struct tls **ret)
{
    static const char *const alpn[] = {"http/1.1", NULL};
    const struct tls_client_config config = {
        .sni = address_is_ip(a) ? NULL : a->host,
        .alpn = alpn,
        .verify = roots ? TLS_VERIFY_ROOTS : TLS_VERIFY_SYSTEM,
        .verify_name = a->host,
        .roots = roots,
    };
    return dial_tls(a, &config, ctx, ret);
}

/* The dialler's own hints are about a cluster. */
static struct err *explain_dial(struct err *e)
{
    switch (err_code(e)) {
    case ERR_UNAVAILABLE:
        return err_set_hint(e, "Is the agent running, and is this what its 'diag_addr' says?");
    case ERR_UNTRUSTED:
        return err_set_hint(e,
                            "'--ca FILE' names the CA certificates to know the agent by; its own "
                            "identity has no host names in it, 'diag.tls' sets a certificate that "
                            "has.");
    default:
        return e;
    }
}

RESULT diag_connect(const struct diag_where *w, struct stack_st_X509 *roots, const struct ctx *ctx,
                    struct diag_connection *ret)
{
    switch (w->kind) {
    case DIAG_WHERE_SOCKET:
        return connect_socket(w->path, ctx, &ret->fd);
    case DIAG_WHERE_PLAIN:
        return explain_dial(dial_tcp(&w->address, ctx, &ret->fd));
    case DIAG_WHERE_TLS:
        break;
    }
    return explain_dial(connect_tls(&w->address, roots, ctx, &ret->tls));
}

void diag_connection_release(struct diag_connection *c)
{
    tls_free(c->tls);
    closep(&c->fd);
}

struct http_stream diag_connection_stream(struct diag_connection *c)
{
    return c->tls ? http_tls_stream(c->tls) : http_plain_stream(&c->fd);
}
