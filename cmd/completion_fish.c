/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For fish: one `complete` line for each word, under the condition that its command is on the line.
 * fish asks a condition once for all lines that have it. What conditions need to find the command is in
 * two tables: which words are commands, and which options take the next word.
 */
#include "cmd/completion.h"

static const char intro[] =
    "# Completes the command line of tbot in fish. Made by 'tbot completion fish'.\n";

static const char walk[] =
    "# The command that the words before the cursor name, and \"+\" behind it for an operand.\n"
    "function __tbot_at\n"
    "    set -l at ''\n"
    "    set -l is_value 0\n"
    "    set -l words (commandline -opc)\n"
    "    set -e words[1]\n"
    "    for word in $words\n"
    "        if test $is_value = 1\n"
    "            set is_value 0\n"
    "        else if string match -q -- '--*=*' $word\n"
    "            continue\n"
    "        else if string match -q -- '-?*' $word\n"
    "            contains -- $word (__tbot_valued \"$at\"); and set is_value 1\n"
    "        else if contains -- $word (__tbot_commands \"$at\")\n"
    "            set at (string trim -- \"$at $word\")\n"
    "        else if not string match -q -- '*+' \"$at\"\n"
    "            set at \"$at+\"\n"
    "        end\n"
    "    end\n"
    "    echo \"$at\"\n"
    "end\n"
    "\n"
    "# Whether COMMAND is on the line, whatever stands behind it.\n"
    "function __tbot_in\n"
    "    set -l at (__tbot_at)\n"
    "    test \"$at\" = \"$argv[1]\"; or test \"$at\" = \"$argv[1]+\"\n"
    "end\n"
    "\n"
    "# Whether COMMAND is on the line, and no operand yet.\n"
    "function __tbot_begins\n"
    "    set -l at (__tbot_at)\n"
    "    test \"$at\" = \"$argv[1]\"\n"
    "end\n"
    "\n"
    "complete -c tbot -f\n";

static void print_commands(FILE *to, const struct completion_command *c)
{
    if (!c->commands)
        return;
    fprintf(to, "        case '%s'\n            printf '%%s\\n'", c->path);
    for (const struct command *sub = c->commands; sub->name; sub++)
        if (sub->summary)
            fprintf(to, " %s", sub->name);
    fputc('\n', to);
}

static void print_valued(FILE *to, const struct completion_command *c)
{
    /* Behind an operand the options stay what they are. */
    fprintf(to, "        case '%s' '%s+'\n            printf '%%s\\n'", c->path, c->path);
    for (size_t i = 0; i < c->n_opts; i++) {
        if (completion_value_of(c->opts[i]) == COMPLETION_NO_VALUE)
            continue;
        fprintf(to, " --%s", c->opts[i]->name);
        if (c->opts[i]->letter)
            fprintf(to, " -%c", c->opts[i]->letter);
    }
    fputc('\n', to);
}

static void print_table(FILE *to, const struct completion *c, const char *name,
                        void (*print)(FILE *to, const struct completion_command *c))
{
    fprintf(to, "\nfunction %s\n    switch \"$argv[1]\"\n", name);
    for (size_t i = 0; i < c->len; i++)
        print(to, &c->commands[i]);
    fputs("    end\nend\n\n", to);
}

static void print_words(FILE *to, const struct completion_command *c)
{
    for (const struct command *sub = c->commands; sub && sub->name; sub++) {
        if (!sub->summary)
            continue;
        fprintf(to, "complete -c tbot -n '__tbot_begins \"%s\"' -a %s -d ", c->path, sub->name);
        completion_quote(to, sub->summary, COMPLETION_FISH);
        fputc('\n', to);
    }
    for (const char *const *word = c->operands; word && *word; word++)
        fprintf(to, "complete -c tbot -n '__tbot_begins \"%s\"' -a %s\n", c->path, *word);
}

static void print_value(FILE *to, const struct opt *opt)
{
    switch (completion_value_of(opt)) {
    case COMPLETION_NO_VALUE:
        break;
    case COMPLETION_ANY:
        fputs(" -x", to);
        break;
    case COMPLETION_FILES:
        fputs(" -r -F", to);
        break;
    case COMPLETION_DIRECTORIES:
        fputs(" -x -a '(__fish_complete_directories (commandline -ct))'", to);
        break;
    case COMPLETION_CHOICES:
        fputs(" -x -a '", to);
        for (const char *const *choice = opt->choices; *choice; choice++)
            fprintf(to, "%s%s", choice == opt->choices ? "" : " ", *choice);
        fputc('\'', to);
        break;
    }
}

static void print_option(FILE *to, const struct completion_command *c, const struct opt *opt)
{
    fprintf(to, "complete -c tbot -n '__tbot_in \"%s\"' -l %s", c->path, opt->name);
    if (opt->letter)
        fprintf(to, " -s %c", opt->letter);
    print_value(to, opt);
    fputs(" -d ", to);
    completion_quote_help(to, opt, COMPLETION_FISH);
    fputc('\n', to);
    if (opts_has_twin(opt))
        fprintf(to, "complete -c tbot -n '__tbot_in \"%s\"' -l no-%s -d 'not --%s'\n", c->path,
                opt->name, opt->name);
}

void completion_fish(const struct completion *c, FILE *to)
{
    fputs(intro, to);
    print_table(to, c, "__tbot_commands", print_commands);
    print_table(to, c, "__tbot_valued", print_valued);
    fputs(walk, to);
    for (size_t i = 0; i < c->len; i++) {
        print_words(to, &c->commands[i]);
        for (size_t j = 0; j < c->commands[i].n_opts; j++)
            print_option(to, &c->commands[i], c->commands[i].opts[j]);
    }
}
