/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include "agent/config_suggest.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/strlist.h"

#include <string.h>

enum { SWITCH_OFF = 1, SWITCH_ON = 2 };

/* An option as found: its entry, and the values of its set. */
struct found {
    const struct opt *opt;
    void *values;
    bool is_negated;
};

/* The words that are still to be parsed. */
struct words {
    const struct opt_set *sets;
    size_t n_sets;
    int argc, at;
    char **argv;
};

static void *value_of(const struct found *f)
{
    return (char *)f->values + f->opt->offset;
}

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
            *ret = (struct found){opt, w->sets[s].values, is_negated};
            return true;
        }
    return false;
}

static bool find_letter(const struct words *w, char letter, struct found *ret)
{
    for (size_t s = 0; s < w->n_sets; s++)
        for (size_t i = 0; i < w->sets[s].n_opts; i++)
            if (w->sets[s].opts[i].letter == letter) {
                *ret = (struct found){&w->sets[s].opts[i], w->sets[s].values, false};
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

static RESULT check_choice(const struct opt *opt, const char *text)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    for (const char *const *choice = opt->choices; choice && *choice; choice++) {
        if (strcmp(*choice, text) == 0)
            return NULL;
        TRY(strlist_add(&names, *choice));
    }
    if (!opt->choices)
        return NULL;
    CLEANUP(freep) char *all = strlist_join(&names, ", ");
    if (!all)
        return err_nomem();
    return err_new(ERR_USAGE, "'%s' is not one of %s", text, all);
}

static RESULT set_secret(const char *text, struct secret **to)
{
    CLEANUP(secret_freep) struct secret *value = NULL;
    TRY(secret_new(text, strlen(text), &value));
    secret_free(*to);
    *to = TAKE(value);
    return NULL;
}

static RESULT set_duration(const char *text, struct dur *to)
{
    struct dur value = {0};
    CLEANUP(err_freep) struct err *e = dur_parse(text, &value);
    if (err_code(e) == ERR_NOMEM)
        return TAKE(e);
    if (e || value.ns <= 0)
        return err_new(ERR_USAGE, "'%s' is not a duration such as 90s, 20m or 1h30m", text);
    *to = value;
    return NULL;
}

static RESULT set_text(const struct found *f, const char *text)
{
    void *to = value_of(f);
    if (!*text)
        return NULL;
    switch (f->opt->kind) {
    case OPT_SECRET:
        return set_secret(text, to);
    case OPT_LIST:
        return strlist_add(to, text);
    case OPT_DURATION:
        return set_duration(text, to);
    default:
        TRY(check_choice(f->opt, text));
        *(const char **)to = text;
        return NULL;
    }
}

static RESULT refuse_not_built(const struct found *f)
{
    if (!(f->opt->flags & OPT_NOT_BUILT) || f->is_negated)
        return NULL;
    return err_new(ERR_USAGE, "option '--%s' is not built yet in this tbot", f->opt->name);
}

static RESULT set_switch(const struct found *f)
{
    TRY(refuse_not_built(f));
    *(unsigned *)value_of(f) = f->is_negated ? SWITCH_OFF : SWITCH_ON;
    return NULL;
}

/* `value` is inside argv: a secret is overwritten there. */
static RESULT set_argument(const struct found *f, char *value)
{
    TRY(refuse_not_built(f));
    TRY_CTX(set_text(f, value), "option '--%s'", f->opt->name);
    if (f->opt->kind == OPT_SECRET)
        memset(value, '*', strlen(value));
    return NULL;
}

static RESULT set_next_word(struct words *w, const struct found *f)
{
    if (w->at == w->argc)
        return err_new(ERR_USAGE, "option '--%s' needs a value", f->opt->name);
    return set_argument(f, w->argv[w->at++]);
}

static RESULT parse_long(struct words *w, char *word)
{
    size_t len = strcspn(word, "=");
    char *value = word[len] ? word + len + 1 : NULL;
    struct found f;
    if (!find_name(w, word, len, &f))
        return unknown_name(w, word, len);
    if (f.opt->kind != OPT_SWITCH)
        return value ? set_argument(&f, value) : set_next_word(w, &f);
    if (value)
        return err_new(ERR_USAGE, "option '--%s' takes no value, it has the twin '--no-%s'",
                       f.opt->name, f.opt->name);
    return set_switch(&f);
}

/* One word may hold several switches, and one option with its value at the end. */
static RESULT parse_letters(struct words *w, char *word)
{
    for (; *word; word++) {
        struct found f;
        if (!find_letter(w, *word, &f))
            return err_new(ERR_USAGE, "unknown option '-%c'", *word);
        if (f.opt->kind != OPT_SWITCH)
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

static bool is_given(const struct found *f)
{
    const void *value = value_of(f);
    switch (f->opt->kind) {
    case OPT_SWITCH:
        return *(const unsigned *)value != 0;
    case OPT_LIST:
        return ((const struct strlist *)value)->len > 0;
    case OPT_DURATION:
        return ((const struct dur *)value)->ns != 0;
    default:
        return *(void *const *)value != NULL;
    }
}

static RESULT set_switch_text(const struct found *f, const char *text)
{
    static const char *const on[] = {"1", "t", "T", "true", "True", "TRUE"};
    static const char *const off[] = {"0", "f", "F", "false", "False", "FALSE"};
    for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++) {
        bool is_on = strcmp(text, on[i]) == 0;
        if (!is_on && strcmp(text, off[i]) != 0)
            continue;
        *(unsigned *)value_of(f) = is_on ? SWITCH_ON : SWITCH_OFF;
        return NULL;
    }
    return err_new(ERR_USAGE, "'%s' is not true or false", text);
}

static RESULT set_from_environment(const struct found *f)
{
    const char *text = f->opt->env ? getenv(f->opt->env) : NULL;
    if (!text || !*text || is_given(f))
        return NULL;
    if (f->opt->flags & OPT_NOT_BUILT)
        return err_new(ERR_USAGE, "environment variable %s is not built yet in this tbot",
                       f->opt->env);
    struct err *e = f->opt->kind == OPT_SWITCH ? set_switch_text(f, text) : set_text(f, text);
    return e ? err_wrap(e, "environment variable %s", f->opt->env) : NULL;
}

struct err *opts_from_environment(const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++) {
            struct found f = {&sets[s].opts[i], sets[s].values, false};
            TRY(set_from_environment(&f));
        }
    return NULL;
}

struct err *opts_check_required(const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++) {
            struct found f = {&sets[s].opts[i], sets[s].values, false};
            if ((f.opt->flags & OPT_REQUIRED) && !is_given(&f))
                return err_new(ERR_USAGE, "option '--%s' is required", f.opt->name);
        }
    return NULL;
}

void opts_release(const struct opt_set *set)
{
    for (size_t i = 0; i < set->n_opts; i++) {
        struct found f = {&set->opts[i], set->values, false};
        if (f.opt->kind == OPT_SECRET) {
            struct secret **secret = value_of(&f);
            secret_free(*secret);
            *secret = NULL;
        } else if (f.opt->kind == OPT_LIST) {
            strlist_release(value_of(&f));
        }
    }
}
