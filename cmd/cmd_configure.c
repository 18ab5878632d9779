/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"
#include "agent/config_write.h"
#include "cmd/out_file.h"
#include "cmd/start_options.h"

static const struct command_help help = {
    .usage = "tbot configure [identity|legacy] [options]",
    .about =
        "Writes a configuration file that says what the same options would tell 'tbot start'.\n"
        "It talks to nobody and reads no file: -c has no effect here.\n\n"
        "A token given here ends up in the file. Give the absolute path of a file that holds\n"
        "it instead, and the configuration is no secret.\n",
    .examples = "  tbot configure identity --proxy-server example.com:443 --join-method token \\\n"
                "      --token /etc/tbot.token --destination /srv/identity -o /etc/tbot.yaml\n"
                "  tbot configure legacy --auth-server 10.0.0.1:3025 --join-method token\n",
    .commands = start_sub_commands,
};

static RESULT build(const struct start_options *options, struct config **ret)
{
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(config_report_release) struct config_report report = {0};
    if (!options->overrides.join_method && !options->overrides.join_uri)
        return err_new(ERR_USAGE, "option '--join-method' is required, e.g. --join-method token");
    TRY(config_new(&config));
    TRY(config_merge(config, &options->overrides));
    TRY(config_check_contradictions(config, &report));
    struct err *e = config_report_result(&report);
    if (e)
        return err_wrap_as(ERR_USAGE, e, "the options contradict each other");
    *ret = TAKE(config);
    return NULL;
}

static RESULT configure(const struct start_options *options)
{
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(build(options, &config));
    TRY(config_write(config, &text));
    TRY(out_file_write(options->output, secret_bytes(text)));
    if (out_file_is_stdout(options->output))
        return NULL;
    fprintf(stderr, "tbot: wrote '%s'; begin with: tbot start -c %s\n", options->output,
            options->output);
    return NULL;
}

int cmd_configure(struct globals *globals, int argc, char **argv)
{
    CLEANUP(start_options_release) struct start_options options = {0};
    struct err *e = start_options_parse(&options, START_CONFIGURE, globals, argc, argv);
    if (!e && globals->help)
        return start_options_help(&options, &help);
    return command_fail(e ? e : configure(&options));
}
