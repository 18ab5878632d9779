/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/start_options.h"

#include "agent/config_schema.h"

#include <string.h>

#define AT(member_) .offset = offsetof(struct start_options, member_)
#define SET(title_, opts_, options_)                                                               \
    (struct opt_set)                                                                               \
    {                                                                                              \
        (title_), (opts_), sizeof(opts_) / sizeof(*(opts_)), (options_)                            \
    }

const struct command start_sub_commands[] = {
    {"identity", "one identity output, described by options; needs no file", NULL},
    {"legacy", "what the configuration file says; so it is without this word too", NULL},
    {0},
};

static const char *const startup_choices[] = {"auto", "wait", "exit", NULL};

static const struct opt shared_opts[] = {
    {"proxy-server", .kind = OPT_TEXT, .arg = "HOST:PORT", .env = "TELEPORT_PROXY",
     .help = "the cluster's proxy", AT(overrides.proxy_server)},
    {"auth-server", 'a', OPT_TEXT, .arg = "HOST:PORT", .env = "TELEPORT_AUTH_SERVER",
     .help = "the auth service itself, instead of a proxy", AT(overrides.auth_server)},
    {"token", .kind = OPT_SECRET, .arg = "TOKEN", .env = "TELEPORT_BOT_TOKEN",
     .help = "join token, or the absolute path of a file with it; the file and the variable are "
             "safer, a command line is seen by others",
     AT(token)},
    {"join-method", .kind = OPT_TEXT, .arg = "METHOD", .help = "how to join: token, kubernetes",
     AT(overrides.join_method)},
    {"ca-pin", .kind = OPT_LIST, .arg = "PIN",
     .help = "hash of the cluster's CA key, sha256:…, to know an auth service by",
     AT(overrides.ca_pins)},
    {"certificate-ttl", .kind = OPT_DURATION, .arg = "TIME",
     .help = "lifetime of certificates, 60m", AT(overrides.credential_ttl)},
    {"renewal-interval", .kind = OPT_DURATION, .arg = "TIME", .help = "time between renewals, 20m",
     AT(overrides.renewal_interval)},
    {"startup", .kind = OPT_TEXT, .arg = "POLICY", .choices = startup_choices,
     .help = "what to do when the cluster is away at start:", AT(overrides.startup)},
    {"startup-timeout", .kind = OPT_DURATION, .arg = "TIME",
     .help = "how long a first start may take, 2m", AT(overrides.startup_timeout)},
    {"give-up-after", .kind = OPT_DURATION, .arg = "TIME",
     .help = "end after that long without contact; never", AT(overrides.give_up_after)},
    {"oneshot", .kind = OPT_SWITCH, .help = "one pass, then exit", AT(overrides.oneshot)},
    {"oneshot-timeout", .kind = OPT_DURATION, .arg = "TIME",
     .help = "how long one pass may retry; not at all", AT(overrides.oneshot_timeout)},
    {"diag-addr", .kind = OPT_TEXT, .arg = "HOST:PORT",
     .help = "where the diagnostics server listens: /readyz, /metrics and others; nowhere",
     AT(overrides.diag_addr)},
    {"diag-socket", .kind = OPT_TEXT, .arg = "PATH",
     .help = "its local socket, or off; diag.sock in the storage", AT(overrides.diag_socket)},
    {"pid-file", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT, .help = "", AT(not_built)},
    {"scoped", .kind = OPT_SWITCH, .flags = OPT_NOT_BUILT, .help = "", AT(not_built_switch)},
};

static const struct opt modern_opts[] = {
    {"storage", .kind = OPT_TEXT, .arg = "PLACE",
     .help = "where the bot keeps its own identity: a path, file:///path or memory://",
     AT(overrides.storage)},
    {"join-uri", .kind = OPT_SECRET, .arg = "URI",
     .help = "address, method and token in one: tbot+proxy+token://TOKEN@HOST:PORT", AT(join_uri)},
    {"destination", .kind = OPT_TEXT, .arg = "PLACE", .flags = OPT_REQUIRED,
     .help = "where the identity's files go: a path, file:///path, memory:// or "
             "kubernetes-secret:///name",
     AT(service.destination)},
    {"cluster", .kind = OPT_TEXT, .arg = "NAME", .help = "a leaf cluster instead of the bot's own",
     AT(service.cluster)},
    {"allow-reissue", .kind = OPT_SWITCH,
     .help = "let the identity be used to ask for further certificates", AT(service.allow_reissue)},
    {"reader-user", .kind = OPT_LIST, .arg = "USER",
     .help = "name or number of a user who may read the files", AT(service.reader_users)},
    {"reader-group", .kind = OPT_LIST, .arg = "GROUP", .help = "name or number of a group that may",
     AT(service.reader_groups)},
    {"registration-secret", .kind = OPT_SECRET, .flags = OPT_NOT_BUILT, .help = "", AT(not_built)},
    {"registration-secret-path", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT, .help = "",
     AT(not_built)},
    {"static-key-path", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT, .help = "", AT(not_built)},
};

static const struct opt legacy_opts[] = {
    {"destination-dir", .kind = OPT_TEXT, .arg = "DIR",
     .help = "write one identity output there, instead of the services of the file",
     AT(overrides.destination_dir)},
    {"data-dir", .kind = OPT_TEXT, .arg = "PLACE",
     .help = "where the bot keeps its own identity: a path, file:///path or memory://",
     AT(data_dir)},
};

static const struct opt configure_opts[] = {
    {"output", 'o', OPT_TEXT, .arg = "FILE",
     .help = "write there, readable by the owner only, instead of to standard output", AT(output)},
};

static const struct opt test_opts[] = {
    {"connect", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "take every step to the cluster too, and tell each with its time", AT(connect)},
    {"timeout", .kind = OPT_DURATION, .arg = "TIME",
     .help = "the most that one step to the cluster may take, 10s", AT(timeout)},
    {"json", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "one JSON document on standard output instead of a table", AT(json)},
};

static const struct opt start_opts[] = {
    {"sandbox", .kind = OPT_SWITCH,
     .help = "run in a sandbox of files and system calls; on, where the kernel can", AT(sandbox)},
    {"sandbox-dir", .kind = OPT_LIST, .arg = "DIR",
     .help = "a directory that services added by a reload may write to", AT(sandbox_dirs)},
};

static void add_set(struct start_options *o, struct opt_set set)
{
    o->sets[o->n_sets++] = set;
}

static void choose_sets(struct start_options *o, enum start_command command)
{
    if (command == START_CONFIGURE)
        add_set(o, SET("Output", configure_opts, o));
    if (command == START_TEST)
        add_set(o, SET("Test", test_opts, o));
    add_set(o, SET("Cluster and times", shared_opts, o));
    add_set(o, o->is_identity ? SET("Identity", modern_opts, o) : SET("Files", legacy_opts, o));
    if (command == START_COMMAND)
        add_set(o, SET("Process", start_opts, o));
    add_set(o, globals_set(o->globals));
}

static RESULT refuse_sub_command(const char *name)
{
    if (strcmp(name, "noop") == 0 || config_schema_variant(&config_schema_services, name))
        return err_new(ERR_USAGE,
                       "'%s' is not built yet in this tbot, only 'identity' and 'legacy'", name);
    return err_new(ERR_USAGE, "unexpected '%s', there are 'identity' and 'legacy'", name);
}

/* Global options may stand before the name of the sub-command, others only behind it. */
static RESULT take_sub_command(struct start_options *o, int *argc, char ***argv)
{
    struct opt_set global = globals_set(o->globals);
    int at = 0;
    CLEANUP(err_freep) struct err *e = opts_parse_leading(&global, 1, *argc, *argv, &at);
    if (e)
        return NULL; /* an option of another set, or a mistake that parsing them all will find */
    if (at == *argc)
        return NULL;
    const char *name = (*argv)[at];
    o->is_identity = strcmp(name, "identity") == 0;
    if (!o->is_identity && strcmp(name, "legacy") != 0)
        return refuse_sub_command(name);
    *argc -= at + 1;
    *argv += at + 1;
    return NULL;
}

static void connect_overrides(struct start_options *o)
{
    o->overrides.token = o->token;
    o->overrides.join_uri = o->join_uri;
    o->overrides.insecure = o->globals->insecure;
    o->overrides.debug = o->globals->debug;
    if (o->is_identity) {
        o->overrides.service = &o->service;
    } else if (o->data_dir) {
        o->overrides.storage = o->data_dir;
        o->overrides.storage_option = "--data-dir";
    }
}

struct err *start_options_parse(struct start_options *o, enum start_command command,
                                struct globals *globals, int argc, char **argv)
{
    int n_operands = 0;
    o->globals = globals;
    TRY(take_sub_command(o, &argc, &argv));
    choose_sets(o, command);
    TRY(opts_parse(o->sets, o->n_sets, argc, argv, &n_operands));
    if (globals->help)
        return NULL;
    if (n_operands > 0)
        return err_new(ERR_USAGE, "unexpected '%s'", argv[0]);
    TRY(opts_from_environment(o->sets, o->n_sets));
    TRY(opts_check_required(o->sets, o->n_sets));
    connect_overrides(o);
    return NULL;
}

int start_options_help(const struct start_options *options, const struct command_help *help)
{
    return command_help(help, options->sets, options->n_sets);
}

void start_options_release(struct start_options *o)
{
    secret_free(o->token);
    secret_free(o->join_uri);
    strlist_release(&o->sandbox_dirs);
    config_overrides_release(&o->overrides);
    config_service_overrides_release(&o->service);
}
