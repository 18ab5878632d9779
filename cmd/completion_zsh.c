/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For zsh: as for bash (cmd/completion_bash.c), with what each word is for beside it. The script may be
 * sourced, or lie as "_tbot" where zsh looks for functions.
 */
#include "cmd/completion.h"

static const char intro[] =
    "#compdef tbot\n"
    "# Completes the command line of tbot in zsh. Made by 'tbot completion zsh'.\n"
    "\n"
    "# _tbot_at COMMAND [OPTION]: what may follow the one, and what is the value of the other.\n"
    "_tbot_at()\n"
    "{\n"
    "    commands=() operands=() options=() value='' choices=()\n"
    "    case $1 in\n";

static const char walk[] = "    esac\n"
                           "}\n"
                           "\n"
                           "_tbot_offer_values()\n"
                           "{\n"
                           "    case $value in\n"
                           "    (files) _files ;;\n"
                           "    (directories) _files -/ ;;\n"
                           "    (choices) _describe 'value' choices ;;\n"
                           "    esac\n"
                           "}\n"
                           "\n"
                           "_tbot()\n"
                           "{\n"
                           "    local at='' is_operand='' word value\n"
                           "    local -i i=2 n_operands=0\n"
                           "    local -a commands operands options choices\n"
                           "    while ((i < CURRENT)); do\n"
                           "        word=$words[i]\n"
                           "        ((i += 1))\n"
                           "        if [[ $word == -- ]]; then\n"
                           "            is_operand=1\n"
                           "        elif [[ -n $is_operand || $word != -?* ]]; then\n"
                           "            _tbot_at \"$at\"\n"
                           "            if ((n_operands == 0 && ${commands[(I)$word:*]})); then\n"
                           "                at=${at:+$at }$word\n"
                           "            else\n"
                           "                ((n_operands += 1))\n"
                           "            fi\n"
                           "        elif [[ $word != --*=* ]]; then\n"
                           "            _tbot_at \"$at\" \"$word\"\n"
                           "            if [[ -n $value ]] && ((i >= CURRENT)); then\n"
                           "                _tbot_offer_values\n"
                           "                return\n"
                           "            fi\n"
                           "            [[ -n $value ]] && ((i += 1))\n"
                           "        fi\n"
                           "    done\n"
                           "    word=$words[CURRENT]\n"
                           "    if [[ -z $is_operand && $word == --*=* ]]; then\n"
                           "        _tbot_at \"$at\" \"${word%%=*}\"\n"
                           "        compset -P '*='\n"
                           "        _tbot_offer_values\n"
                           "        return\n"
                           "    fi\n"
                           "    _tbot_at \"$at\"\n"
                           "    if [[ -z $is_operand && $word == -* ]]; then\n"
                           "        _describe -o 'option' options\n"
                           "    elif ((n_operands == 0 && $#commands + $#operands > 0)); then\n"
                           "        commands+=($operands)\n"
                           "        _describe 'command' commands\n"
                           "    fi\n"
                           "}\n"
                           "\n"
                           "if [[ $funcstack[1] == _tbot ]]; then\n"
                           "    _tbot \"$@\"\n"
                           "elif ((${+functions[compdef]})); then\n"
                           "    compdef _tbot tbot\n"
                           "fi\n";

/* A word and what it is for; the first colon divides them. */
static void print_described(FILE *to, const char *prefix, const char *word)
{
    fprintf(to, "            '%s%s:'", prefix, word);
}

static void print_words(FILE *to, const struct completion_command *c)
{
    fputs("        commands=(\n", to);
    for (const struct command *sub = c->commands; sub && sub->name; sub++) {
        if (!sub->summary)
            continue;
        print_described(to, "", sub->name);
        completion_quote(to, sub->summary, COMPLETION_POSIX);
        fputc('\n', to);
    }
    fputs("        )\n", to);
    completion_print_operands(to, c);
}

static void print_option(FILE *to, const struct opt *opt)
{
    const char letter[] = {opt->letter, '\0'};
    print_described(to, "--", opt->name);
    completion_quote_help(to, opt, COMPLETION_POSIX);
    fputc('\n', to);
    if (opt->letter) {
        print_described(to, "-", letter);
        completion_quote_help(to, opt, COMPLETION_POSIX);
        fputc('\n', to);
    }
    if (opts_has_twin(opt)) {
        print_described(to, "--no-", opt->name);
        fprintf(to, "'not --%s'\n", opt->name);
    }
}

static void print_command(FILE *to, const struct completion_command *c)
{
    fprintf(to, "    ('%s')\n", c->path);
    print_words(to, c);
    fputs("        options=(\n", to);
    for (size_t i = 0; i < c->n_opts; i++)
        print_option(to, c->opts[i]);
    fputs("        )\n", to);
    completion_print_values(to, c);
    fputs("        ;;\n", to);
}

void completion_zsh(const struct completion *c, FILE *to)
{
    fputs(intro, to);
    for (size_t i = 0; i < c->len; i++)
        print_command(to, &c->commands[i]);
    fputs(walk, to);
}
