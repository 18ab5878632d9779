/* SPDX-License-Identifier: Apache-2.0 */
#include "openmetrics_check.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILIES_MAX 200
#define SERIES_MAX 4000
#define TEXT_SIZE 512

struct reader {
    char families[FAMILIES_MAX][TEXT_SIZE];
    size_t n_families;
    char type[TEXT_SIZE]; /* of the last family */
    bool has_help, has_samples;
    char series[SERIES_MAX][TEXT_SIZE];
    size_t n_series;
    /* The histogram series under way. */
    char labels[TEXT_SIZE]; /* but for `le` */
    double last_le, last_count;
    bool is_open; /* buckets were read, `_count` is due */
};

/* One sample, taken apart. */
struct sample {
    char name[TEXT_SIZE];
    char labels[TEXT_SIZE];
    char le[TEXT_SIZE];
    double value;
};

#define CHECK(condition, what)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return (what);                                                                         \
    } while (0)

static size_t name_length(const char *s, bool colons)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || (colons && s[n] == ':'))
        n++;
    return isdigit((unsigned char)s[0]) ? 0 : n;
}

static bool ends_with(const char *s, const char *suffix)
{
    size_t a = strlen(s);
    size_t b = strlen(suffix);
    return a > b && strcmp(s + a - b, suffix) == 0;
}

static const char *family_of(const struct reader *r)
{
    return r->n_families ? r->families[r->n_families - 1] : "";
}

static const char *begin_family(struct reader *r, const char *name)
{
    CHECK(!r->is_open, "a histogram without _sum and _count");
    for (size_t i = 0; i < r->n_families; i++)
        CHECK(strcmp(r->families[i], name) != 0, "a family in two pieces");
    CHECK(r->n_families < FAMILIES_MAX, "too many families");
    snprintf(r->families[r->n_families++], TEXT_SIZE, "%s", name);
    r->type[0] = '\0';
    r->has_help = r->has_samples = false;
    return NULL;
}

static bool is_type(const char *type)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "unknown"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static const char *read_comment(struct reader *r, const char *line)
{
    char name[TEXT_SIZE];
    bool is_help = strncmp(line, "# HELP ", 7) == 0;
    CHECK(is_help || strncmp(line, "# TYPE ", 7) == 0, "a comment that is neither HELP nor TYPE");
    size_t len = name_length(line + 7, true);
    CHECK(len > 0 && line[7 + len] == ' ', "no name in a comment");
    snprintf(name, sizeof(name), "%.*s", (int)len, line + 7);
    if (strcmp(name, family_of(r)) != 0) {
        const char *what = begin_family(r, name);
        CHECK(!what, what);
    }
    CHECK(!r->has_samples, "a comment behind samples");
    if (is_help) {
        CHECK(!r->has_help, "two HELP lines");
        r->has_help = true;
        return NULL;
    }
    CHECK(!r->type[0], "two TYPE lines");
    CHECK(is_type(line + 8 + len), "an unknown type");
    snprintf(r->type, sizeof(r->type), "%s", line + 8 + len);
    CHECK(strcmp(r->type, "counter") != 0 || !ends_with(name, "_total"),
          "a counter's family ends in _total");
    return NULL;
}

/* `*at` is behind the opening quote, then behind the closing one. */
static const char *read_quoted(const char **at, char out[TEXT_SIZE])
{
    size_t n = 0;
    for (const char *s = *at; *s; s++) {
        if (*s == '"') {
            *at = s + 1;
            out[n] = '\0';
            return NULL;
        }
        CHECK(*s != '\\' || (s[1] && strchr("\\\"n", s[1])), "an escape that there is not");
        CHECK(n + 2 < TEXT_SIZE, "a label too long for the test");
        out[n++] = *s;
        if (*s == '\\')
            out[n++] = *++s;
    }
    return "a label's value without its end";
}

static const char *read_label(const char **at, struct sample *s)
{
    char value[TEXT_SIZE];
    const char *name = *at;
    size_t len = name_length(name, false);
    CHECK(len > 0 && strncmp(name + len, "=\"", 2) == 0, "a label without name or value");
    *at += len + 2;
    const char *what = read_quoted(at, value);
    CHECK(!what, what);
    if (len == 2 && strncmp(name, "le", 2) == 0) {
        CHECK(!s->le[0], "two bounds");
        snprintf(s->le, sizeof(s->le), "%s", value);
        return NULL;
    }
    char wanted[TEXT_SIZE];
    snprintf(wanted, sizeof(wanted), ",%.*s=", (int)len, name);
    CHECK(!strstr(s->labels, wanted), "a label twice");
    size_t used = strlen(s->labels);
    snprintf(s->labels + used, sizeof(s->labels) - used, ",%.*s=\"%.200s\"", (int)len, name, value);
    return NULL;
}

static const char *read_labels(const char **at, struct sample *s)
{
    if (**at != '{')
        return NULL;
    do {
        ++*at;
        const char *what = read_label(at, s);
        CHECK(!what, what);
    } while (**at == ',');
    CHECK(**at == '}', "labels without their end");
    ++*at;
    return NULL;
}

static bool is_number(const char *text, double *ret)
{
    char *end = NULL;
    if (!*text || isspace((unsigned char)*text) || strchr(text, 'x'))
        return false;
    *ret = strtod(text, &end);
    return !*end;
}

static const char *read_bucket(struct reader *r, const struct sample *s)
{
    double le = 0;
    CHECK(s->le[0] && is_number(s->le, &le), "a bucket without a bound");
    CHECK(strcmp(s->le, "+Inf") == 0 || strpbrk(s->le, ".e"), "a bound that is not canonical");
    if (!r->is_open) {
        snprintf(r->labels, sizeof(r->labels), "%s", s->labels);
        r->last_le = -INFINITY;
        r->last_count = 0;
        r->is_open = true;
    }
    CHECK(strcmp(r->labels, s->labels) == 0, "buckets of two series mixed");
    CHECK(le > r->last_le, "bounds that do not rise");
    CHECK(s->value >= r->last_count, "buckets that are not cumulative");
    r->last_le = le;
    r->last_count = s->value;
    return NULL;
}

static const char *read_of_histogram(struct reader *r, const struct sample *s, const char *suffix)
{
    if (strcmp(suffix, "_bucket") == 0)
        return read_bucket(r, s);
    CHECK(!s->le[0], "a bound outside of a bucket");
    CHECK(r->is_open && strcmp(r->labels, s->labels) == 0, "a sum or count without its buckets");
    CHECK(isinf(r->last_le), "buckets that do not end in +Inf");
    if (strcmp(suffix, "_sum") == 0)
        return NULL;
    CHECK(strcmp(suffix, "_count") == 0, "a sample that a histogram does not have");
    CHECK(s->value == r->last_count, "a count that is not that of the last bucket");
    r->is_open = false;
    return NULL;
}

static const char *judge(struct reader *r, const struct sample *s)
{
    size_t len = strlen(family_of(r));
    CHECK(len && strncmp(s->name, family_of(r), len) == 0, "a sample outside of its family");
    CHECK(r->has_help && r->type[0], "a sample before HELP and TYPE");
    r->has_samples = true;
    if (strcmp(r->type, "histogram") == 0)
        return read_of_histogram(r, s, s->name + len);
    CHECK(!s->le[0], "a bound outside of a histogram");
    if (strcmp(r->type, "counter") == 0)
        CHECK(strcmp(s->name + len, "_total") == 0 && s->value >= 0,
              "a counter's sample that is none");
    else
        CHECK(!s->name[len], "a suffix where there is none");
    return NULL;
}

static const char *note_series(struct reader *r, const struct sample *s)
{
    char text[4 * TEXT_SIZE];
    snprintf(text, sizeof(text), "%s%s,le=%s", s->name, s->labels, s->le);
    CHECK(strlen(text) < TEXT_SIZE && r->n_series < SERIES_MAX, "too much for the test");
    for (size_t i = 0; i < r->n_series; i++)
        CHECK(strcmp(r->series[i], text) != 0, "a series twice");
    snprintf(r->series[r->n_series++], TEXT_SIZE, "%.511s", text);
    return NULL;
}

static const char *read_sample(struct reader *r, const char *line)
{
    struct sample s = {.name = ""};
    const char *at = line;
    size_t len = name_length(line, true);
    CHECK(len > 0 && len < TEXT_SIZE, "a line that begins with no name");
    snprintf(s.name, sizeof(s.name), "%.*s", (int)len, line);
    at += len;
    const char *what = read_labels(&at, &s);
    CHECK(!what, what);
    CHECK(*at == ' ' && is_number(at + 1, &s.value), "a sample without a number");
    what = judge(r, &s);
    return what ? what : note_series(r, &s);
}

const char *openmetrics_check(const char *text, size_t *ret_samples)
{
    static struct reader r;
    r = (struct reader){.n_families = 0};
    for (const char *at = text; *at;) {
        char line[4096];
        size_t len = strcspn(at, "\n");
        CHECK(at[len] == '\n', "a line without its end");
        CHECK(len > 0, "an empty line");
        CHECK(len < sizeof(line), "a line too long for the test");
        snprintf(line, sizeof(line), "%.*s", (int)len, at);
        at += len + 1;
        if (strcmp(line, "# EOF") == 0) {
            *ret_samples = r.n_series;
            CHECK(!r.is_open, "a histogram without _sum and _count");
            return *at ? "something behind the end" : NULL;
        }
        const char *what = line[0] == '#' ? read_comment(&r, line) : read_sample(&r, line);
        CHECK(!what, what);
    }
    return "no # EOF";
}
