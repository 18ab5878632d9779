/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diag_place.h"

#include "agent/absolute_path.h"

#include <stdio.h>
#include <string.h>

static struct err *join(const char *dir, const char *name, char **ret)
{
    if (asprintf(ret, "%s/%s", dir, name) >= 0)
        return NULL;
    *ret = NULL; /* undefined after a failure */
    return err_nomem();
}

static struct err *in_storage(const char *storage, char **ret)
{
    CLEANUP(freep) char *dir = NULL;
    TRY(absolute_path(storage, &dir));
    return join(dir, DIAG_PLACE_NAME, ret);
}

static struct err *copy(const char *path, char **ret)
{
    *ret = strdup(path);
    return *ret ? NULL : err_nomem();
}

RESULT diag_place_socket(const struct config *config, char *(*get)(const char *name), char **ret)
{
    const char *given = config->diag_socket;
    const char *run = get("XDG_RUNTIME_DIR");
    *ret = NULL;
    if (given && strcmp(given, CONFIG_DIAG_SOCKET_OFF) == 0)
        return NULL;
    if (given && *given)
        return copy(given, ret);
    if (config->storage.type == CONFIG_DESTINATION_DIRECTORY)
        return in_storage(config->storage.path, ret);
    return run && *run == '/' ? join(run, "tbot-" DIAG_PLACE_NAME, ret)
                              : join("/run/tbot", DIAG_PLACE_NAME, ret);
}
