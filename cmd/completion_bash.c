/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For bash: a table as one function, and the walk over the words before the cursor that looks things up
 * in it. Bash splits "--name=value" into three words. A value is taken as such only for an option that has
 * one, so that a service called "start" is no command.
 */
#include "cmd/completion.h"

static const char intro[] =
    "# Completes the command line of tbot in bash. Made by 'tbot completion bash'.\n"
    "\n"
    "# _tbot_at COMMAND [OPTION]: what may follow the one, and what is the value of the other.\n"
    "_tbot_at()\n"
    "{\n"
    "    commands=() operands=() options=() value='' choices=()\n"
    "    case $1 in\n";

static const char walk[] =
    "    esac\n"
    "}\n"
    "\n"
    "_tbot_offer()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$current\")\n"
    "}\n"
    "\n"
    "_tbot_offer_values()\n"
    "{\n"
    "    [[ $current == = ]] && current=''\n"
    "    [[ $value == files || $value == directories ]] && compopt -o filenames 2>/dev/null\n"
    "    case $value in\n"
    "    files) _tbot_offer -f ;;\n"
    "    directories) _tbot_offer -d ;;\n"
    "    choices) _tbot_offer -W \"${choices[*]}\" ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_tbot()\n"
    "{\n"
    "    local IFS=$' \\t\\n' value\n"
    "    local -a commands operands options choices\n"
    "    local at='' is_operand='' word i=1 n_operands=0\n"
    "    local current=${COMP_WORDS[COMP_CWORD]}\n"
    "    COMPREPLY=()\n"
    "    while ((i < COMP_CWORD)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        ((i += 1))\n"
    "        if [[ $word == -- ]]; then\n"
    "            is_operand=1\n"
    "        elif [[ $is_operand || $word != -?* ]]; then\n"
    "            _tbot_at \"$at\"\n"
    "            if ((n_operands == 0)) && [[ \" ${commands[*]} \" == *\" $word \"* ]]; then\n"
    "                at=${at:+$at }$word\n"
    "            else\n"
    "                ((n_operands += 1))\n"
    "            fi\n"
    "        else\n"
    "            _tbot_at \"$at\" \"$word\"\n"
    "            if [[ ${COMP_WORDS[i]} == = ]]; then\n"
    "                value=${value:-any}\n"
    "                ((i += 1))\n"
    "            fi\n"
    "            if [[ $value ]] && ((i >= COMP_CWORD)); then\n"
    "                _tbot_offer_values\n"
    "                return\n"
    "            fi\n"
    "            [[ $value ]] && ((i += 1))\n"
    "        fi\n"
    "    done\n"
    "    _tbot_at \"$at\"\n"
    "    if [[ ! $is_operand && $current == -* ]]; then\n"
    "        _tbot_offer -W \"${options[*]}\"\n"
    "    elif ((n_operands == 0)); then\n"
    "        _tbot_offer -W \"${commands[*]} ${operands[*]}\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _tbot tbot\n";

static void print_words(FILE *to, const struct completion_command *c)
{
    fputs("        commands=(", to);
    for (const struct command *sub = c->commands; sub && sub->name; sub++)
        if (sub->summary)
            fprintf(to, " %s", sub->name);
    fputs(" )\n", to);
    completion_print_operands(to, c);
    fputs("        options=(\n", to);
    for (size_t i = 0; i < c->n_opts; i++) {
        const struct opt *opt = c->opts[i];
        fprintf(to, "            --%s", opt->name);
        if (opt->letter)
            fprintf(to, " -%c", opt->letter);
        if (opts_has_twin(opt))
            fprintf(to, " --no-%s", opt->name);
        fputc('\n', to);
    }
    fputs("        )\n", to);
}

static void print_command(FILE *to, const struct completion_command *c)
{
    fprintf(to, "    '%s')\n", c->path);
    print_words(to, c);
    completion_print_values(to, c);
    fputs("        ;;\n", to);
}

void completion_bash(const struct completion *c, FILE *to)
{
    fputs(intro, to);
    for (size_t i = 0; i < c->len; i++)
        print_command(to, &c->commands[i]);
    fputs(walk, to);
}
