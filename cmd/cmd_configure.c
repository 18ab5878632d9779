/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"
#include "agent/config_write.h"
#include "cmd/start_options.h"

#include <errno.h>
#include <string.h>

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

static RESULT write_all(int fd, struct bytes text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t n = write(fd, text.data + done, text.len - done);
        if (n < 0 && errno != EINTR)
            return err_sys(ERR_STORAGE, errno, "writing to standard output");
        done += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

/* The user names the place: links on the way to it are theirs to follow. */
static RESULT write_file(const char *path, struct bytes text)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;
    CLEANUP(freep) char *parent = strndup(slash ? path : ".", len ? len : 1);
    const char *name = slash ? slash + 1 : path;
    if (!parent)
        return err_nomem();
    if (!*name)
        return err_new(ERR_USAGE, "option '--output': '%s' is a directory", path);
    TRY_CTX(dir_open(parent, SYMLINKS_INSECURE, false, &dir), "writing '%s'", path);
    TRY_CTX(dir_replace(dir, name, text, 0600), "writing '%s'", path);
    return NULL;
}

static RESULT configure(const struct start_options *options)
{
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(build(options, &config));
    TRY(config_write(config, &text));
    if (!options->output)
        return write_all(STDOUT_FILENO, secret_bytes(text));
    TRY(write_file(options->output, secret_bytes(text)));
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
