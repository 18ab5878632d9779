/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diag_place.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)
#define RUNTIME_DIR "/run"

static bool is_given(const char *text)
{
    return text && *text;
}

static RESULT join(const char *a, const char *b, char **ret)
{
    if (asprintf(ret, "%s/%s", a, b) >= 0)
        return NULL;
    *ret = NULL; /* undefined after a failure */
    return err_nomem();
}

static RESULT default_path(const struct diag_place *in, char **ret)
{
    const struct config_destination *storage = in->storage;
    if (storage->type == CONFIG_DESTINATION_DIRECTORY)
        return join(storage->path, DIAG_PLACE_NAME, ret);
    if (storage->type == CONFIG_DESTINATION_NONE)
        return join(CONFIG_DEFAULT_STORAGE, DIAG_PLACE_NAME, ret);
    /* The XDG Base Directory Specification: a relative one counts as not set. */
    bool has_own = in->runtime_dir && in->runtime_dir[0] == '/';
    return join(has_own ? in->runtime_dir : RUNTIME_DIR, "tbot/" DIAG_PLACE_NAME, ret);
}

static RESULT given_path(const char *setting, char **ret)
{
    *ret = strdup(setting);
    return *ret ? NULL : err_nomem();
}

RESULT diag_place_decide(const struct diag_place *in, char **ret)
{
    CLEANUP(freep) char *path = NULL;
    if (in->setting && strcmp(in->setting, DIAG_PLACE_OFF) == 0) {
        *ret = NULL;
        return NULL;
    }
    TRY(is_given(in->setting) ? given_path(in->setting, &path) : default_path(in, &path));
    if (path[0] != '/') {
        CLEANUP(freep) char *relative = TAKE(path);
        TRY(join(in->cwd, relative, &path));
    }
    if (strlen(path) >= PATH_SIZE)
        return err_set_hint(err_new(ERR_CONFIG,
                                    "diagnostics socket '%s': the path is longer than the %zu "
                                    "bytes that of a socket may have",
                                    path, PATH_SIZE - 1),
                            "Give the socket a shorter path with 'diag_socket'.");
    *ret = TAKE(path);
    return NULL;
}

RESULT diag_place_socket(const struct config_destination *storage, const char *setting, char **ret)
{
    CLEANUP(freep) char *cwd = getcwd(NULL, 0);
    const struct diag_place in = {
        .storage = storage,
        .setting = setting,
        .runtime_dir = getenv("XDG_RUNTIME_DIR"),
        .cwd = cwd ? cwd : ".", /* a directory that is gone: relative paths lead nowhere */
    };
    return diag_place_decide(&in, ret);
}

/* Links are followed: who could set one up in a directory above could take the place of it as well. */
RESULT diag_place_prepare(const char *path)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return NULL;
    CLEANUP(freep) char *name = strndup(path, (size_t)(slash - path));
    if (!name)
        return err_nomem();
    if (access(name, F_OK) == 0)
        return NULL;
    return dir_open(name, SYMLINKS_INSECURE, true, &dir);
}
