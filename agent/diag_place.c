/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diag_place.h"

#include "agent/absolute_path.h"
#include "base/text.h"

#include <string.h>

static struct err *in_storage(const char *storage, char **ret)
{
    CLEANUP(freep) char *dir = NULL;
    TRY(absolute_path(storage, &dir));
    return text_format(ret, "%s/" DIAG_PLACE_NAME, dir);
}

RESULT diag_place_socket(const struct config *config, char *(*get)(const char *name), char **ret)
{
    const char *given = config->diag_socket;
    const char *run = get("XDG_RUNTIME_DIR");
    *ret = NULL;
    if (given && strcmp(given, CONFIG_DIAG_SOCKET_OFF) == 0)
        return NULL;
    if (text_given(given))
        return text_format(ret, "%s", given);
    if (config->storage.type == CONFIG_DESTINATION_DIRECTORY)
        return in_storage(config->storage.path, ret);
    return run && *run == '/' ? text_format(ret, "%s/tbot-" DIAG_PLACE_NAME, run)
                              : text_format(ret, "/run/tbot/" DIAG_PLACE_NAME);
}
