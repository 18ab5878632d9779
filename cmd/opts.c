/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include "agent/config_suggest.h"
#include "base/cleanup.h"
#include "cmd/opts_value.h"

#include <string.h>

/* An option as it was found. */
struct found {
    struct opts_value value;
    bool is_negated;
};

/* The words that are still to be parsed. */
struct words {
    const struct opt_set *sets;
    size_t n_sets;
    int argc, at;
    char **argv;
};

static bool has_name(const struct opt *opt, const char *name, size_t len)
{
    return strlen(opt->name) == len && strncmp(opt->name, name, len) == 0;
}

static bool find_name(const struct words *w, const char *name, size_t len, struct found *ret)
{
    bool may_negate = len > 3 && strncmp(name, "no-", 3) == 0;
    for (size_t s = 0; s < w->n_sets; s++)
        for (size_t i = 0; i < w->sets[s].n_opts; i++) {
            const struct opt *opt = &w->sets[s].opts[i];
            bool is_negated =
                may_negate && opt->kind == OPT_SWITCH && has_name(opt, name + 3, len - 3);
            if (!is_negated && !has_name(opt, name, len))
                continue;
            *ret = (struct found){opts_value_of(&w->sets[s], i), is_negated};
            return true;
        }
    return false;
}

static bool find_letter(const struct words *w, char letter, struct found *ret)
{
    for (size_t s = 0; s < w->n_sets; s++)
        for (size_t i = 0; i < w->sets[s].n_opts; i++)
            if (w->sets[s].opts[i].letter == letter) {
                *ret = (struct found){opts_value_of(&w->sets[s], i), false};
                return true;
            }
    return false;
}

static RESULT unknown_name(const struct words *w, const char *name, size_t len)
{
    CLEANUP(freep) char *wrong = strndup(name, len);
    if (!wrong)
        return err_nomem();
    struct config_suggest near = {.wrong = wrong};
    for (size_t s = 0; s < w->n_sets; s++)
        for (size_t i = 0; i < w->sets[s].n_opts; i++)
            if (!(w->sets[s].opts[i].flags & OPT_HIDDEN))
                config_suggest_try(&near, w->sets[s].opts[i].name);
    if (near.best)
        return err_new(ERR_USAGE, "unknown option '--%s', did you mean '--%s'?", wrong, near.best);
    return err_new(ERR_USAGE, "unknown option '--%s'", wrong);
}

static RESULT refuse_not_built(const struct found *f)
{
    if (!(f->value.opt->flags & OPT_NOT_BUILT) || f->is_negated)
        return NULL;
    return err_new(ERR_USAGE, "option '--%s' is not built yet in this tbot", f->value.opt->name);
}

static RESULT set_switch(const struct found *f)
{
    TRY(refuse_not_built(f));
    opts_value_turn(&f->value, !f->is_negated);
    return NULL;
}

/* `value` is inside argv: a secret is overwritten there. */
static RESULT set_argument(const struct found *f, char *value)
{
    TRY(refuse_not_built(f));
    TRY_CTX(opts_value_set(&f->value, value), "option '--%s'", f->value.opt->name);
    if (f->value.opt->kind == OPT_SECRET)
        memset(value, '*', strlen(value));
    return NULL;
}

/* Its value is the next word, unless it can do without. */
static RESULT set_next_word(struct words *w, const struct found *f)
{
    if (f->value.opt->implied)
        return opts_value_set(&f->value, f->value.opt->implied);
    if (w->at == w->argc)
        return err_new(ERR_USAGE, "option '--%s' needs a value", f->value.opt->name);
    return set_argument(f, w->argv[w->at++]);
}

static RESULT parse_long(struct words *w, char *word)
{
    size_t len = strcspn(word, "=");
    char *value = word[len] ? word + len + 1 : NULL;
    struct found f;
    if (!find_name(w, word, len, &f))
        return unknown_name(w, word, len);
    if (f.value.opt->kind != OPT_SWITCH)
        return value ? set_argument(&f, value) : set_next_word(w, &f);
    if (value)
        return err_new(ERR_USAGE, "option '--%s' takes no value, it has the twin '--no-%s'",
                       f.value.opt->name, f.value.opt->name);
    return set_switch(&f);
}

/* One word may hold several switches, and one option with its value at the end. */
static RESULT parse_letters(struct words *w, char *word)
{
    for (; *word; word++) {
        struct found f;
        if (!find_letter(w, *word, &f))
            return err_new(ERR_USAGE, "unknown option '-%c'", *word);
        if (f.value.opt->kind != OPT_SWITCH)
            return word[1] ? set_argument(&f, word + 1) : set_next_word(w, &f);
        TRY(set_switch(&f));
    }
    return NULL;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0'; /* "-" alone is standard input */
}

static RESULT parse_option(struct words *w)
{
    char *word = w->argv[w->at++];
    return word[1] == '-' ? parse_long(w, word + 2) : parse_letters(w, word + 1);
}

struct err *opts_parse_leading(const struct opt_set *sets, size_t n_sets, int argc, char **argv,
                               int *ret_used)
{
    struct words w = {sets, n_sets, argc, 0, argv};
    while (w.at < argc && is_option(argv[w.at]) && strcmp(argv[w.at], "--") != 0)
        TRY(parse_option(&w));
    *ret_used = w.at;
    return NULL;
}

struct err *opts_parse(const struct opt_set *sets, size_t n_sets, int argc, char **argv, int *ret_n)
{
    struct words w = {sets, n_sets, argc, 0, argv};
    int n = 0;
    bool only_operands = false;
    while (w.at < argc) {
        char *word = argv[w.at];
        bool ends_options = !only_operands && strcmp(word, "--") == 0;
        only_operands = only_operands || ends_options;
        if (only_operands || !is_option(word)) {
            w.at++;
            if (!ends_options)
                argv[n++] = word;
            continue;
        }
        TRY(parse_option(&w));
    }
    *ret_n = n;
    return NULL;
}

static RESULT set_from_environment(const struct opts_value *v)
{
    const char *name = v->opt->env;
    const char *text = name ? getenv(name) : NULL;
    if (!text || !*text || opts_value_is_given(v))
        return NULL;
    if (v->opt->flags & OPT_NOT_BUILT)
        return err_new(ERR_USAGE, "environment variable %s is not built yet in this tbot", name);
    TRY_CTX(opts_value_set(v, text), "environment variable %s", name);
    return NULL;
}

struct err *opts_from_environment(const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++) {
            const struct opts_value v = opts_value_of(&sets[s], i);
            TRY(set_from_environment(&v));
        }
    return NULL;
}

struct err *opts_check_required(const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++) {
            const struct opts_value v = opts_value_of(&sets[s], i);
            if ((v.opt->flags & OPT_REQUIRED) && !opts_value_is_given(&v))
                return err_new(ERR_USAGE, "option '--%s' is required", v.opt->name);
        }
    return NULL;
}

void opts_release(const struct opt_set *set)
{
    for (size_t i = 0; i < set->n_opts; i++) {
        const struct opts_value v = opts_value_of(set, i);
        opts_value_release(&v);
    }
}
