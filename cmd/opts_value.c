/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts_value.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/strlist.h"

#include <string.h>

struct opts_value opts_value_of(const struct opt_set *set, size_t i)
{
    return (struct opts_value){&set->opts[i], (char *)set->values + set->opts[i].offset};
}

bool opts_value_is_given(const struct opts_value *v)
{
    switch (v->opt->kind) {
    case OPT_SWITCH:
        return *(const unsigned *)v->at != 0;
    case OPT_LIST:
        return ((const struct strlist *)v->at)->len > 0;
    case OPT_DURATION:
        return ((const struct dur *)v->at)->ns != 0;
    default:
        return *(void *const *)v->at != NULL;
    }
}

void opts_value_turn(const struct opts_value *v, bool is_on)
{
    *(unsigned *)v->at = is_on ? SWITCH_ON : SWITCH_OFF;
}

static RESULT set_switch(const struct opts_value *v, const char *text)
{
    static const char *const on[] = {"1", "t", "T", "true", "True", "TRUE"};
    static const char *const off[] = {"0", "f", "F", "false", "False", "FALSE"};
    for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++) {
        bool is_on = strcmp(text, on[i]) == 0;
        if (!is_on && strcmp(text, off[i]) != 0)
            continue;
        opts_value_turn(v, is_on);
        return NULL;
    }
    return err_new(ERR_USAGE, "'%s' is not true or false", text);
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

static RESULT set_text(const struct opt *opt, const char *text, const char **to)
{
    TRY(check_choice(opt, text));
    *to = text;
    return NULL;
}

RESULT opts_value_set(const struct opts_value *v, const char *text)
{
    if (!*text)
        return NULL;
    switch (v->opt->kind) {
    case OPT_SWITCH:
        return set_switch(v, text);
    case OPT_SECRET:
        return set_secret(text, v->at);
    case OPT_LIST:
        return strlist_add(v->at, text);
    case OPT_DURATION:
        return set_duration(text, v->at);
    case OPT_TEXT:
        break;
    }
    return set_text(v->opt, text, v->at);
}

void opts_value_release(const struct opts_value *v)
{
    if (v->opt->kind == OPT_SECRET) {
        struct secret **secret = v->at;
        secret_free(TAKE(*secret));
    } else if (v->opt->kind == OPT_LIST) {
        strlist_release(v->at);
    }
}
