/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/start_config.h"

#include "agent/cluster.h"
#include "agent/config_credential.h"

#include <string.h>

static const struct command_help help = {
    .usage = "tbot start [identity|legacy] [options]",
    .about =
        "Joins the cluster, keeps the bot's identity renewed and the files of every service "
        "fresh,\n"
        "until it is stopped (Ctrl-C, SIGTERM). SIGHUP, as 'tbot reload', reads the configuration\n"
        "again; SIGUSR1, as 'tbot renew', renews everything at once.\n\n"
        "Options win over the file. --token, --join-method and --ca-pin replace the file's whole\n"
        "'onboarding' section.\n",
    .examples = "  tbot start -c /etc/tbot.yaml\n"
                "  tbot start -c /etc/tbot.yaml --oneshot\n"
                "  TELEPORT_BOT_TOKEN=… tbot start identity --proxy-server example.com:443 \\\n"
                "      --join-method token --storage /var/lib/tbot --destination /srv/identity\n",
    .commands = start_sub_commands,
};

RESULT start_config_check_given(const struct start_options *o, const char *verb)
{
    const struct config_overrides *over = &o->overrides;
    if (o->globals->config_path || over->auth_server || over->proxy_server || over->join_uri)
        return NULL;
    return err_set_hint(err_new(ERR_USAGE,
                                "there is nothing to %s: no configuration file (-c FILE) and no "
                                "address of a cluster (--proxy-server)",
                                verb),
                        "See 'tbot %s --help'; 'tbot configure' writes a configuration file.",
                        verb);
}

RESULT start_config_read(const struct start_options *o, struct config **ret)
{
    const char *path = o->globals->config_path;
    return path ? config_load(path, ret) : config_new(ret);
}

static RESULT warn_of_idleness(struct config *config)
{
    if (config->n_services > 0)
        return NULL;
    return strlist_add(&config->warnings, "there are no services: only the bot's own identity is "
                                          "kept renewed");
}

RESULT start_config_complete(const struct start_options *options, struct config *config)
{
    TRY(config_merge(config, &options->overrides));
    TRY(config_validate(config));
    TRY(config_credential_find(config, getenv));
    return warn_of_idleness(config);
}

struct err *start_config_load(struct start_config *start, struct globals *globals, int argc,
                              char **argv)
{
    CLEANUP(config_freep) struct config *config = NULL;
    struct start_options *options = &start->options;
    TRY(start_options_parse(options, START_COMMAND, globals, argc, argv));
    if (globals->help) {
        start_options_help(options, &help);
        return NULL;
    }
    TRY(start_config_check_given(options, "start"));
    TRY(start_config_read(options, &config));
    TRY(start_config_complete(options, config));
    TRY(cluster_check_environment(config, getenv));
    start->is_debug = config->debug;
    start->is_json = globals->log_format && strcmp(globals->log_format, "json") == 0;
    start->no_sandbox = options->sandbox == SWITCH_OFF;
    start->config = TAKE(config);
    return NULL;
}

RESULT start_config_again(void *arg, struct config **ret)
{
    const struct start_config *start = arg;
    const struct start_options *options = &start->options;
    const char *path = options->globals->config_path;
    CLEANUP(config_freep) struct config *config = NULL;
    if (path && strcmp(path, "-") == 0)
        return err_set_hint(err_new(ERR_CONFIG, "standard input cannot be read a second time"),
                            "Start with a file (-c FILE) to be able to reload, or restart.");
    TRY(start_config_read(options, &config));
    TRY(start_config_complete(options, config));
    TRY(cluster_check_environment(config, getenv));
    *ret = TAKE(config);
    return NULL;
}

void start_config_release(struct start_config *start)
{
    config_free(start->config);
    start->config = NULL;
    start_options_release(&start->options);
}
