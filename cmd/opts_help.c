/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include <string.h>

#define COLUMN 32
#define WIDTH 80

static void print_spaces(FILE *to, int n)
{
    fprintf(to, "%*s", n > 0 ? n : 0, "");
}

/* Prints words from `column` on, in as many lines as they need. */
static void print_wrapped(FILE *to, const char *text, int column, int *at)
{
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (*at > column && *at + 1 + len > WIDTH) {
            fputc('\n', to);
            print_spaces(to, column);
            *at = column;
        }
        *at += fprintf(to, "%s%.*s", *at > column ? " " : "", len, text);
        text += len;
        text += strspn(text, " ");
    }
}

static void print_choices(FILE *to, const struct opt *opt, int *at)
{
    if (!opt->choices)
        return;
    for (const char *const *choice = opt->choices; *choice; choice++) {
        char word[32];
        snprintf(word, sizeof(word), "%s%s", *choice, choice[1] ? "," : "");
        print_wrapped(to, word, COLUMN, at);
    }
}

bool opts_is_shown(const struct opt *opt)
{
    return !(opt->flags & (OPT_HIDDEN | OPT_NOT_BUILT));
}

bool opts_has_twin(const struct opt *opt)
{
    return opt->kind == OPT_SWITCH && !(opt->flags & OPT_NO_TWIN);
}

static void print_opt(FILE *to, const struct opt *opt)
{
    int at = opt->letter ? fprintf(to, "  -%c, ", opt->letter) : fprintf(to, "      ");
    at += fprintf(to, "--%s%s", opts_has_twin(opt) ? "[no-]" : "", opt->name);
    if (opt->arg)
        at += fprintf(to, opt->implied ? "[=%s]" : " %s", opt->arg);
    if (at >= COLUMN) {
        fputc('\n', to);
        at = 0;
    }
    print_spaces(to, COLUMN - at);
    at = COLUMN;
    print_wrapped(to, opt->help, COLUMN, &at);
    print_choices(to, opt, &at);
    if (opt->kind == OPT_LIST)
        print_wrapped(to, "(repeatable)", COLUMN, &at);
    if (opt->flags & OPT_REQUIRED)
        print_wrapped(to, "(required)", COLUMN, &at);
    if (opt->env) {
        char variable[64];
        snprintf(variable, sizeof(variable), "[$%s]", opt->env);
        print_wrapped(to, variable, COLUMN, &at);
    }
    fputc('\n', to);
}

static void print_not_built(FILE *to, const struct opt_set *sets, size_t n_sets)
{
    int at = 0;
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++) {
            const struct opt *opt = &sets[s].opts[i];
            char name[64];
            if (!(opt->flags & OPT_NOT_BUILT) || (opt->flags & OPT_HIDDEN))
                continue;
            if (at == 0) {
                fputs("\nKnown, and not built yet:\n  ", to);
                at = 2;
            }
            snprintf(name, sizeof(name), "--%s", opt->name);
            print_wrapped(to, name, 2, &at);
        }
    if (at)
        fputc('\n', to);
}

void opts_print_help(FILE *to, const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++) {
        fprintf(to, "\n%s:\n", sets[s].title);
        for (size_t i = 0; i < sets[s].n_opts; i++)
            if (opts_is_shown(&sets[s].opts[i]))
                print_opt(to, &sets[s].opts[i]);
    }
    print_not_built(to, sets, n_sets);
}
