/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd_install.h"

#include "agent/absolute_path.h"
#include "agent/config.h"
#include "base/text.h"
#include "cmd/start_config.h"
#include "cmd/unit.h"
#include "cmd/unit_advice.h"
#include "cmd/unit_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct command_help help = {
    .usage = "tbot install systemd [options]",
    .about =
        "Prints a systemd unit that runs 'tbot start' with the configuration that -c names (and\n"
        "--log-format, --debug, --insecure where they are given), or with --write puts it where\n"
        "systemd looks. The configuration decides what the unit lets the agent do: it may write "
        "to\n"
        "the storage and the destinations, gets the file with the token from systemd, so that "
        "root\n"
        "alone needs to read it, and is denied everything else. Install again after the\n"
        "configuration has changed these places.\n\n"
        "A unit that is there already is replaced with --force only. To change a unit, write a\n"
        "drop-in ('systemctl edit tbot'): it stays.\n\n"
        "With --template one unit serves many agents: 'tbot@web' runs /etc/tbot/web.yaml, whose\n"
        "storage has to be /var/lib/tbot/web.\n\n"
        "The agent tells systemd when it is ready and how it stands, and that it lives. It is\n"
        "started again after a failure, but not after a mistake in the configuration (78) or the\n"
        "command line (2).\n",
    .examples = "  tbot install systemd -c /etc/tbot.yaml\n"
                "  tbot install systemd -c /etc/tbot.yaml --write && systemctl daemon-reload\n"
                "  tbot install systemd -c /etc/tbot.yaml --user web --name tbot-web --write\n"
                "  tbot install systemd --template --write\n",
};

struct install {
    struct globals *globals;
    const char *name, *user, *group, *directory, *pid_file;
    unsigned write, force, template, telemetry;
    char *file, *program; /* owned */
    struct config *config;
};

#define AT(member_) .offset = offsetof(struct install, member_)

static const struct opt opts[] = {
    {"name", .kind = OPT_TEXT, .arg = "NAME", .help = "of the unit, tbot", AT(name)},
    {"user", .kind = OPT_TEXT, .arg = "USER", .help = "who runs it, teleport", AT(user)},
    {"group", .kind = OPT_TEXT, .arg = "GROUP", .help = "its group, named as the user", AT(group)},
    {"systemd-directory", .kind = OPT_TEXT, .arg = "DIR",
     .help = "where units are, /etc/systemd/system", AT(directory)},
    {"template", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN, .help = "one unit for many agents",
     AT(template)},
    {"write", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "write the file instead of printing it", AT(write)},
    {"force", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN, .help = "replace another one", AT(force)},
    {"anonymous-telemetry", .kind = OPT_SWITCH,
     .help = "taken, and without effect: tbot sends none", AT(telemetry)},
    {"pid-file", .kind = OPT_TEXT, .arg = "FILE",
     .help = "taken, and without effect: systemd knows the process", AT(pid_file)},
};

static void install_release(struct install *i)
{
    free(i->file);
    free(i->program);
    config_free(i->config);
}

/* What scripts written for Go's tbot may give. */
static void warn_of_no_effect(const struct install *i)
{
    if (opts_is_on(i->telemetry))
        fputs("tbot: warning: option '--anonymous-telemetry' has no effect: this tbot sends no "
              "telemetry\n",
              stderr);
    if (i->pid_file)
        fputs("tbot: warning: option '--pid-file' has no effect: a unit of Type=notify needs no "
              "PID file\n",
              stderr);
}

static void set_defaults(struct install *i)
{
    i->name = i->name ? i->name : "tbot";
    i->user = i->user ? i->user : "teleport";
    i->group = i->group ? i->group : i->user;
    i->directory = i->directory ? i->directory : "/etc/systemd/system";
}

/* Before the environment is read: a $TBOT_CONFIG_PATH is not about the template. */
static RESULT check_words(const struct install *i, const char *operand)
{
    if (operand)
        return err_new(ERR_USAGE, "unexpected '%s' behind 'install systemd'", operand);
    if (opts_is_on(i->template) && i->globals->config_path)
        return err_new(ERR_USAGE, "option '--template' excludes '--config': each agent of it has "
                                  "its own, /etc/tbot/NAME.yaml");
    return NULL;
}

static RESULT check_options(const struct install *i)
{
    const char *file = i->globals->config_path;
    if (opts_is_on(i->force) && !opts_is_on(i->write))
        return err_new(ERR_USAGE, "option '--force' is about '--write'");
    if (!opts_is_on(i->template) && !file)
        return err_set_hint(err_new(ERR_USAGE, "which configuration? It is named with -c FILE"),
                            "See 'tbot install systemd --help'.");
    if (!opts_is_on(i->template) && strcmp(file, "-") == 0)
        return err_new(ERR_USAGE, "option '--config': a unit needs a file, not standard input");
    return NULL;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A name that stays when a new version is put into another directory, where there is one. */
static RESULT find_program(char **ret)
{
    static const char *const stable[] = {"/usr/local/bin/tbot", "/usr/bin/tbot"};
    static const char self[] = "/proc/self/exe";
    for (size_t i = 0; i < sizeof(stable) / sizeof(*stable); i++)
        if (is_same_file(stable[i], self))
            return text_format(ret, "%s", stable[i]);
    *ret = realpath(self, NULL);
    return *ret ? NULL : err_sys(ERR_STORAGE, errno, "finding this program's path");
}

static RESULT load(struct install *i)
{
    TRY(find_program(&i->program));
    if (opts_is_on(i->template))
        return NULL;
    TRY(absolute_path(i->globals->config_path, &i->file));
    TRY(config_load(i->file, &i->config));
    return config_validate(i->config);
}

static RESULT print_unit(const struct unit *unit, const char *text)
{
    struct unit_accounts accounts;
    fputs(text, stdout);
    /* Perhaps it is for another machine. */
    CLEANUP(err_freep) struct err *e = unit_advice_accounts(unit, &accounts);
    CLEANUP(freep) char *why = e ? err_text(e) : NULL;
    if (why)
        fprintf(stderr, "tbot: warning: %s\n", why);
    if (err_hint(e))
        fprintf(stderr, "tbot: %s\n", err_hint(e));
    return NULL;
}

static RESULT write_unit(const struct install *i, const struct unit *unit, const char *text)
{
    struct unit_accounts accounts;
    char name[UNIT_FILE_SIZE];
    enum unit_file_result result;
    TRY(unit_advice_accounts(unit, &accounts));
    TRY(unit_file_put(i->directory, unit_file_name(unit, name), text, opts_is_on(i->force),
                      &result));
    printf(result == UNIT_FILE_SAME ? "'%s/%s' is as it should be; nothing was written.\n"
                                    : "Wrote '%s/%s'.\n",
           i->directory, name);
    return unit_advice_print(unit, &accounts, stdout);
}

static RESULT install(struct install *i)
{
    CLEANUP(freep) char *text = NULL;
    TRY(check_options(i));
    set_defaults(i);
    warn_of_no_effect(i);
    TRY(load(i));
    const struct unit unit = {.name = i->name,
                              .user = i->user,
                              .group = i->group,
                              .program = i->program,
                              .file = i->file,
                              .config = i->config,
                              .is_template = opts_is_on(i->template),
                              .log_format = i->globals->log_format,
                              .is_debug = opts_is_on(i->globals->debug),
                              .is_insecure = opts_is_on(i->globals->insecure)};
    TRY(unit_render(&unit, &text));
    return opts_is_on(i->write) ? write_unit(i, &unit, text) : print_unit(&unit, text);
}

int cmd_install_systemd(struct globals *globals, int argc, char **argv)
{
    CLEANUP(install_release) struct install i = {.globals = globals};
    struct opt_set sets[] = {{"Unit", opts, sizeof(opts) / sizeof(*opts), &i},
                             globals_set(globals)};
    int n_operands = 0;
    struct err *e = opts_parse(sets, 2, argc, argv, &n_operands);
    if (!e && globals->help)
        return command_help(&help, sets, 2);
    if (!e)
        e = check_words(&i, n_operands > 0 ? argv[0] : NULL);
    if (!e)
        e = opts_from_environment(sets, 2);
    return command_fail(e ? e : install(&i));
}
