/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit.h"

#include "agent/config_credential.h"
#include "cmd/unit_places.h"
#include "cmd/unit_text.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)8 * 1024 * 1024)
#define NAME_MAX_LEN 200 /* systemd has 255 with the suffix and an instance */
#define USER_MAX_LEN 31
#define SUFFIX ".service"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const char head[] =
    "# Written by 'tbot install systemd'. 'systemctl edit' changes it in a drop-in, which stays\n"
    "# when this file is written again.\n"
    "[Unit]\n"
    "Description=Machine identity by tbot%s\n"
    "Documentation=man:tbot(1) man:tbot.yaml(5)\n"
    "# Not after network-online.target: what is stored can be served before the network is there.\n"
    "After=network.target nss-lookup.target nss-user-lookup.target\n"
    "\n"
    "[Service]\n"
    "Type=notify\n"
    "NotifyAccess=main\n";

static const char life[] =
    "Restart=on-failure\n"
    "RestartSec=5s\n"
    "# The command line, and the configuration: neither heals by trying again.\n"
    "RestartPreventExitStatus=2 78\n"
    "WatchdogSec=1min\n"
    "# Ten seconds go to the reply that the bot's identity may depend on.\n"
    "TimeoutStopSec=30s\n"
    "KillMode=mixed\n"
    "LimitNOFILE=524288\n"
    "LimitCORE=0\n"
    "UMask=0077\n"
    "\n"
    "# A named user, not DynamicUser=: the state directory of a dynamic user is a symbolic link, "
    "and\n"
    "# tbot follows none to where its secrets are.\n";

/*
 * Left out: RemoveIPC=, as it would take outputs in /dev/shm away at a stop; PrivateUsers=, in which readers
 * could not be given rights; IPAddressDeny=, since a cluster's addresses change.
 */
static const char walls[] =
    "CapabilityBoundingSet=%s\n"
    "AmbientCapabilities=%s\n"
    "NoNewPrivileges=yes\n"
    "ProtectSystem=strict\n"
    "ProtectHome=%s\n"
    "PrivateTmp=yes\n"
    "PrivateDevices=yes\n"
    "PrivateIPC=yes\n"
    "PrivateMounts=yes\n"
    "DevicePolicy=closed\n"
    "ProtectProc=%s\n"
    "ProcSubset=pid\n"
    "ProtectClock=yes\n"
    "ProtectHostname=yes\n"
    "ProtectKernelLogs=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectKernelTunables=yes\n"
    "ProtectControlGroups=yes\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "KeyringMode=private\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallFilter=~@privileged @resources\n"
    "# A new file keeps the group of the one it replaces; and tbot closes itself in further.\n"
    "SystemCallFilter=fchown landlock_create_ruleset landlock_add_rule landlock_restrict_self "
    "seccomp\n"
    "SystemCallErrorNumber=EPERM\n"
    "\n"
    "[Install]\n"
    "WantedBy=multi-user.target\n";

/* --- names --- */

static bool is_made_of(const char *text, const char *letters, size_t max)
{
    size_t len = strlen(text);
    return len > 0 && len <= max && text[strspn(text, letters)] == '\0';
}

static RESULT check_account(const char *option, const char *name)
{
    if (is_made_of(name, LETTERS DIGITS "_.-", USER_MAX_LEN) && !strchr("-." DIGITS, name[0]))
        return NULL;
    return err_new(ERR_USAGE, "option '--%s': '%s' is no name of letters, digits, '_', '.' and '-'",
                   option, name);
}

static bool has_suffix(const char *name)
{
    size_t len = strlen(name);
    return len >= strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static RESULT check_names(const struct unit *unit)
{
    if (!is_made_of(unit->name, LETTERS DIGITS ":_.-", NAME_MAX_LEN) || unit->name[0] == '.' ||
        has_suffix(unit->name))
        return err_set_hint(
            err_new(ERR_USAGE,
                    "option '--name': '%s' is no name of letters, digits, '_', '.', ':' "
                    "and '-'",
                    unit->name),
            "Write 'tbot' for 'tbot.service'; many agents share '--template'.");
    TRY(check_account("user", unit->user));
    return check_account("group", unit->group);
}

/* systemd takes no such program, however it is quoted. */
static RESULT check_program(const char *program)
{
    if (!strpbrk(program, "\"'\\"))
        return NULL;
    return err_set_hint(
        err_new(ERR_CONFIG, "the program '%s' has a quote or a backslash in its name", program),
        "systemd starts no such program: install tbot in another directory.");
}

char *unit_file_name(const struct unit *unit, char out[UNIT_FILE_SIZE])
{
    snprintf(out, UNIT_FILE_SIZE, "%s%s" SUFFIX, unit->name, unit->is_template ? "@" : "");
    return out;
}

/* --- what depends on the configuration --- */

static RESULT add_line(struct buf *to, const char *key, const char *path)
{
    TRY(buf_add_str(to, key));
    TRY(unit_text_add_word(to, UNIT_WORD_PATH, path));
    return buf_add_str(to, "\n");
}

/* With '-' a directory that is missing costs its own output, not the whole agent. */
static RESULT add_writable(struct buf *to, const char *path)
{
    CLEANUP(buf_release) struct buf marked = BUF_INIT(TEXT_MAX);
    TRY(buf_printf(&marked, "-%s", path));
    return add_line(to, "ReadWritePaths=", buf_str(&marked));
}

/* Used up tokens are often deleted: the manager starts the unit all the same, with the fallback. */
static const char token_lines[] =
    "# The manager reads the token, so nobody but root needs to be able to. The first of the lines "
    "is\n"
    "# for when the file is gone, as it may be after the first join.\n"
    "SetCredential=" CONFIG_CREDENTIAL_TOKEN ":\\n\n"
    "LoadCredential=" CONFIG_CREDENTIAL_TOKEN ":";

static RESULT add_token(struct buf *to, const char *path)
{
    TRY(buf_add_str(to, token_lines));
    TRY(unit_text_add_rest(to, "the token file", path));
    return buf_add_str(to, "\n");
}

static RESULT add_places(struct buf *to, const struct unit_places *places)
{
    if (places->state)
        TRY(buf_printf(to, "StateDirectory=%s\nStateDirectoryMode=0700\n", places->state));
    if (places->runtime)
        TRY(buf_printf(to, "RuntimeDirectory=%s\nRuntimeDirectoryPreserve=yes\n", places->runtime));
    for (size_t i = 0; i < places->writable.len; i++)
        TRY(add_writable(to, places->writable.items[i]));
    return places->token ? add_token(to, places->token) : NULL;
}

static RESULT add_program(struct buf *to, const char *key, const char *program)
{
    TRY(buf_add_str(to, key));
    return unit_text_add_word(to, UNIT_WORD_PATH, program); /* its name knows no variables */
}

static RESULT add_options(struct buf *to, const struct unit *unit)
{
    if (unit->log_format)
        TRY(buf_printf(to, " --log-format %s", unit->log_format));
    return buf_printf(to, "%s%s\n", unit->is_debug ? " --debug" : "",
                      unit->is_insecure ? " --insecure" : "");
}

/* Asked at its socket, it tells whether it took the new configuration. */
static RESULT add_reload(struct buf *to, const struct unit *unit, const char *socket)
{
    if (!socket)
        return buf_add_str(to, "ExecReload=/bin/kill -HUP $MAINPID\n");
    TRY(add_program(to, "ExecReload=", unit->program));
    TRY(buf_add_str(to, " reload --diag-socket "));
    TRY(unit_text_add_word(to, UNIT_WORD_ARGUMENT, socket));
    return buf_add_str(to, "\n");
}

static RESULT add_account(struct buf *to, const struct unit *unit)
{
    return buf_printf(to, "User=%s\nGroup=%s\n", unit->user, unit->group);
}

/* A hook's signal needs a right, and its process has to be seen: whose it is decides who gets the signal. */
static RESULT add_walls(struct buf *to, const struct unit_places *places)
{
    const char *capability = places->signals ? "CAP_KILL" : "";
    return buf_printf(to, walls, capability, capability, places->sees_home ? "read-only" : "yes",
                      places->signals ? "default" : "invisible");
}

static RESULT render_one(struct buf *to, const struct unit *unit)
{
    CLEANUP(unit_places_release) struct unit_places places = {0};
    TRY(unit_places_find(unit->config, &places));
    TRY(unit_places_add_read(&places, "the configuration", unit->file));
    TRY(unit_places_add_read(&places, "the program", unit->program));
    TRY(buf_printf(to, head, ""));
    TRY(add_program(to, "ExecStart=", unit->program));
    TRY(buf_add_str(to, " start -c "));
    TRY(unit_text_add_word(to, UNIT_WORD_ARGUMENT, unit->file));
    TRY(add_options(to, unit));
    TRY(add_reload(to, unit, places.socket));
    TRY(buf_add_str(to, life));
    TRY(add_account(to, unit));
    TRY(add_places(to, &places));
    return add_walls(to, &places);
}

static const char template_places[] = "# The storage has to be /var/lib/tbot/NAME. Other "
                                      "destinations than /run/tbot/NAME: a drop-in with\n"
                                      "# ReadWritePaths=.\n"
                                      "StateDirectory=tbot/%i\n"
                                      "StateDirectoryMode=0700\n"
                                      "RuntimeDirectory=tbot/%i\n"
                                      "RuntimeDirectoryPreserve=yes\n";

static RESULT render_template(struct buf *to, const struct unit *unit)
{
    struct unit_places places = {0};
    TRY(unit_places_add_read(&places, "the program", unit->program));
    TRY(buf_printf(to, head, " for %i"));
    TRY(add_program(to, "ExecStart=", unit->program));
    TRY(buf_add_str(to, " start -c /etc/tbot/%i.yaml"));
    TRY(add_options(to, unit));
    TRY(add_program(to, "ExecReload=", unit->program));
    TRY(buf_add_str(to, " reload --diag-socket /var/lib/tbot/%i/diag.sock\n"));
    TRY(buf_add_str(to, life));
    TRY(add_account(to, unit));
    TRY(buf_add_str(to, template_places));
    TRY(buf_add_str(to, token_lines));
    TRY(buf_add_str(to, "/etc/tbot/%i.token\n"));
    return add_walls(to, &places);
}

RESULT unit_render(const struct unit *unit, char **ret)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
    TRY(check_names(unit));
    TRY(check_program(unit->program));
    TRY(unit->is_template ? render_template(&text, unit) : render_one(&text, unit));
    char *taken = buf_take_str(&text);
    if (!taken)
        return err_nomem();
    *ret = taken;
    return NULL;
}
