/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/completion.h"

#include "base/cleanup.h"

#include <string.h>

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static const struct command_help help = {
    .usage = "tbot completion bash|zsh|fish",
    .about =
        "Prints a script that has the shell complete this command line: commands, options and\n"
        "their values. Packages install it; it knows the options of the tbot that printed it.\n",
    .examples = "  source <(tbot completion bash)\n"
                "  tbot completion zsh >~/.zfunc/_tbot\n"
                "  tbot completion fish >~/.config/fish/completions/tbot.fish\n",
    .operands = shells,
};

static RESULT print(const char *shell)
{
    static void (*const scripts[])(const struct completion *c,
                                   FILE *to) = {completion_bash, completion_zsh, completion_fish};
    CLEANUP(completion_release) struct completion c = {0};
    for (size_t i = 0; shells[i]; i++) {
        if (strcmp(shell, shells[i]) != 0)
            continue;
        TRY(completion_gather(&c));
        scripts[i](&c, stdout);
        if (fflush(stdout) != 0 || ferror(stdout))
            return err_new(ERR_STORAGE, "standard output cannot be written to");
        return NULL;
    }
    return err_new(ERR_USAGE, "no completion for '%s', there are bash, zsh and fish", shell);
}

int cmd_completion(struct globals *globals, int argc, char **argv)
{
    struct opt_set set = globals_set(globals);
    int n_operands = 0;
    struct err *e = opts_parse(&set, 1, argc, argv, &n_operands);
    if (e)
        return command_fail(e);
    if (globals->help)
        return command_help(&help, &set, 1);
    if (n_operands == 0)
        return command_fail(err_new(ERR_USAGE, "for which shell? bash, zsh or fish"));
    if (n_operands > 1)
        return command_fail(err_new(ERR_USAGE, "unexpected '%s'", argv[1]));
    return command_fail(print(argv[0]));
}
