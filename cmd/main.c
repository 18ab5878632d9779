/* SPDX-License-Identifier: Apache-2.0 */
/* tbot: an agent that keeps a machine's identity in a Teleport cluster. */
#include "cmd/command.h"

#include <signal.h>
#include <sys/stat.h>

const struct command command_table[] = {
    {"configure", "write a configuration file for what the options say", cmd_configure},
    {"start", "join the cluster and keep identities fresh", cmd_start},
    {"test", "say whether a start would work, and change nothing", cmd_test},
    {"status", "show how the running agent is", cmd_status},
    {"readyz", "ask whether it is ready, or serving", cmd_readyz},
    {"wait", "wait until it is", cmd_wait},
    {"reload", "make it read its configuration again", cmd_reload},
    {"renew", "make it renew everything now", cmd_renew},
    {"debug", "its log level, metrics, profiles, and a dump for support", cmd_debug},
    {"install", "make this machine run it: a unit for systemd", cmd_install},
    {"ssh-proxy-command", NULL, cmd_ssh_proxy_command}, /* for ssh, not for people */
    {"completion", "complete this command line in a shell", cmd_completion},
    {"version", "print the version", cmd_version},
    {"help", "explain a command, or the configuration file", cmd_help},
    {0},
};

/* Files we make are ours alone, and a peer that goes away is an error of the call, not our end. */
static void prepare_process(void)
{
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct globals globals = {0};
    struct opt_set set = globals_set(&globals);
    int used = 0;

    prepare_process();
    struct err *e = opts_parse_leading(&set, 1, argc - 1, argv + 1, &used);
    if (e)
        return command_fail(e);
    int n_words = argc - 1 - used;
    char **words = argv + 1 + used;
    if (n_words == 0)
        return globals.help ? cmd_help(&globals, 0, words)
                            : command_fail(err_new(ERR_USAGE, "which command? See 'tbot help'"));
    const struct command *command = command_find(command_table, words[0]);
    if (!command)
        return command_fail(command_refuse(words[0]));
    return command->run(&globals, n_words - 1, words + 1);
}
