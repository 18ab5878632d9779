/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_UNIT_H
#define TBOT_CMD_UNIT_H

/*
 * The systemd unit for an agent, as text. Pure: `tbot install systemd` writes it, and the units of the
 * packages (packaging/systemd/) are the same text, which a test holds.
 *
 *     const struct unit unit = {.name = "tbot", .user = "teleport", .group = "teleport",
 *                               .program = "/usr/bin/tbot", .file = "/etc/tbot.yaml", .config = config};
 *     TRY(unit_render(&unit, &text));
 *
 * What the configuration names decides what the unit allows: its storage and destinations can be written
 * to, its token is handed over as a credential (agent/config_credential.h), and nothing else can be.
 *
 * A template serves many agents, `tbot@web.service` the configuration /etc/tbot/web.yaml. It knows the
 * instance's name only, so the storage has to be /var/lib/tbot/web; outputs go to /run/tbot/web, or to what a
 * drop-in adds.
 */

#include "agent/config.h"

#define UNIT_FILE_SIZE 256

struct unit {
    const char *name; /* without ".service" and '@' */
    const char *user, *group;
    const char *program;         /* its absolute path */
    const char *file;            /* of the configuration, absolute; NULL for a template */
    const struct config *config; /* as that file says, validated; NULL for a template */
    bool is_template;

    /* What `tbot start` gets beside the file. */
    const char *log_format; /* "text", "json"; NULL: not given */
    bool is_debug, is_insecure;
};

/*
 * The text, the caller's to free. ERR_USAGE: a name, user or group that systemd would not take. ERR_CONFIG:
 * what the configuration asks for cannot work in a unit, see cmd/unit_places.h.
 */
RESULT unit_render(const struct unit *unit, char **ret);

/* "tbot.service", "tbot@.service", of one that could be rendered. Returns `out`. */
char *unit_file_name(const struct unit *unit, char out[UNIT_FILE_SIZE]);

#endif
