/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/faults.h"

#include "authority/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_SECONDS (100LL * 365 * 24 * 3600)

enum argument {
    ARGUMENT_NONE,
    ARGUMENT_NUMBER, /* not negative */
    ARGUMENT_SIGNED,
    ARGUMENT_STATUS, /* a status code and a text */
};

static const struct {
    const char *name;
    enum argument argument;
    bool has_method;
    bool has_count;
} kinds[FAULT_KIND_COUNT] = {
    [FAULT_REFUSE] = {"refuse", ARGUMENT_NONE, false, true},
    [FAULT_HANG] = {"hang", ARGUMENT_NONE, true, true},
    [FAULT_SLOW] = {"slow", ARGUMENT_NUMBER, true, true},
    [FAULT_CUT] = {"cut-mid-reply", ARGUMENT_NONE, true, true},
    [FAULT_WRONG_CERTIFICATE] = {"wrong-certificate", ARGUMENT_NONE, false, true},
    [FAULT_WRONG_MESSAGE] = {"wrong-message", ARGUMENT_NONE, true, true},
    [FAULT_ERROR] = {"error", ARGUMENT_STATUS, true, true},
    [FAULT_EXPIRE] = {"expire", ARGUMENT_NONE, false, true},
    [FAULT_CLOCK_SKEW] = {"clock-skew", ARGUMENT_SIGNED, false, false},
    [FAULT_TTL] = {"ttl", ARGUMENT_NUMBER, false, false},
};

const char *fault_kind_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

bool fault_kind_parse(const char *name, enum fault_kind *ret)
{
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *ret = (enum fault_kind)i;
            return true;
        }
    }
    return false;
}

static RESULT parse_number(const char *what, const char *text, int64_t min, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno || number < min || number > MAX_SECONDS)
        return err_new(ERR_USAGE, "%s: '%s' is not a number from %lld to %lld", what, text,
                       (long long)min, MAX_SECONDS);
    *ret = number;
    return NULL;
}

static RESULT copy_text(const char *what, const char *text, char *out, size_t size)
{
    if (strlen(text) >= size)
        return err_new(ERR_USAGE, "%s is longer than %zu characters", what, size - 1);
    snprintf(out, size, "%s", text);
    return NULL;
}

/* A command's words, taken one after the other. */
struct words {
    const struct strlist *list;
    size_t at;
};

static RESULT take(struct words *w, const char *what, const char **ret)
{
    if (w->at == w->list->len)
        return err_new(ERR_USAGE, "'%s' needs %s", w->list->items[0], what);
    *ret = w->list->items[w->at++];
    return NULL;
}

static RESULT parse_argument(struct words *w, struct fault *f)
{
    const char *word = NULL;
    enum argument argument = kinds[f->kind].argument;
    if (argument == ARGUMENT_NONE)
        return NULL;
    TRY(take(w, argument == ARGUMENT_STATUS ? "a status code" : "a number", &word));
    if (argument != ARGUMENT_STATUS)
        return parse_number(kinds[f->kind].name, word,
                            argument == ARGUMENT_SIGNED ? -MAX_SECONDS : 0, &f->number);
    int code = 0;
    if (!status_parse(word, &code) || !code)
        return err_new(ERR_USAGE, "'%s' is not an error code of gRPC", word);
    f->number = code;
    TRY(take(w, "a text behind the status code", &word));
    return copy_text("the text", word, f->text, sizeof(f->text));
}

static RESULT parse_option(struct words *w, struct fault *f)
{
    const char *option = NULL, *value = NULL;
    TRY(take(w, "an option", &option));
    if (strcmp(option, "method") == 0 && kinds[f->kind].has_method) {
        TRY(take(w, "the name of a method", &value));
        return copy_text("the method", value, f->method, sizeof(f->method));
    }
    if (strcmp(option, "count") == 0 && kinds[f->kind].has_count) {
        TRY(take(w, "a count", &value));
        return parse_number("count", value, 1, &f->count);
    }
    return err_new(ERR_USAGE, "'%s' does not know '%s'", kinds[f->kind].name, option);
}

RESULT fault_parse(const struct strlist *words, struct fault *ret)
{
    struct fault f = {.count = 0};
    struct words w = {words, 1};
    if (!words->len || !fault_kind_parse(words->items[0], &f.kind))
        return err_new(ERR_USAGE, "there is no fault '%s'", words->len ? words->items[0] : "");
    TRY(parse_argument(&w, &f));
    while (w.at < words->len)
        TRY(parse_option(&w, &f));
    *ret = f;
    return NULL;
}

RESULT faults_add(struct faults *f, const struct fault *fault)
{
    if (f->len == FAULTS_MAX)
        return err_new(ERR_REJECTED, "there are %d faults already", FAULTS_MAX);
    f->items[f->len++] = *fault;
    return NULL;
}

void faults_clear(struct faults *f)
{
    f->len = 0;
}

static void remove_at(struct faults *f, size_t at)
{
    memmove(&f->items[at], &f->items[at + 1], (f->len - at - 1) * sizeof(*f->items));
    f->len--;
}

void faults_clear_kind(struct faults *f, enum fault_kind kind)
{
    for (size_t i = f->len; i > 0; i--) {
        if (f->items[i - 1].kind == kind)
            remove_at(f, i - 1);
    }
}

static bool is_text(const char *wanted, const char *text, size_t len)
{
    return strlen(wanted) == len && memcmp(wanted, text, len) == 0;
}

bool fault_method_matches(const char *wanted, const char *path)
{
    const char *variant = strchr(path, '#');
    size_t len = variant ? (size_t)(variant - path) : strlen(path);
    const char *slash = memrchr(path, '/', len);
    const char *last = slash ? slash + 1 : path;
    return is_text(wanted, path, len) || is_text(wanted, last, len - (size_t)(last - path)) ||
           (variant && strcmp(wanted, variant + 1) == 0);
}

static size_t find(const struct faults *f, enum fault_kind kind, const char *method)
{
    for (size_t i = 0; i < f->len; i++) {
        const struct fault *fault = &f->items[i];
        if (fault->kind != kind)
            continue;
        if (!*fault->method || (method && fault_method_matches(fault->method, method)))
            return i;
    }
    return f->len;
}

const struct fault *faults_find(const struct faults *f, enum fault_kind kind, const char *method)
{
    size_t at = find(f, kind, method);
    return at < f->len ? &f->items[at] : NULL;
}

bool faults_take(struct faults *f, enum fault_kind kind, const char *method, struct fault *ret)
{
    size_t at = find(f, kind, method);
    if (at == f->len)
        return false;
    struct fault *fault = &f->items[at];
    if (ret)
        *ret = *fault;
    if (fault->count && --fault->count == 0)
        remove_at(f, at);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static RESULT take_word(const char **at, struct buf *word)
{
    bool is_quoted = false;
    for (; **at && (is_quoted || !is_blank(**at)); (*at)++) {
        if (**at == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (**at == '\\' && (*at)[1])
            (*at)++;
        TRY(buf_add_u8(word, (uint8_t) * *at));
    }
    return is_quoted ? err_new(ERR_USAGE, "a quotation mark has no end") : NULL;
}

RESULT faults_split_line(const char *line, struct strlist *out)
{
    for (const char *at = line; *at;) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        CLEANUP(buf_release) struct buf word = BUF_INIT(FAULTS_MAX_TEXT * 2);
        TRY(take_word(&at, &word));
        TRY(strlist_add(out, buf_str(&word)));
    }
    return NULL;
}
