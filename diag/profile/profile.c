/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/profile.h"

#include "diag/gzip.h"
#include "diag/profile/pb.h"
#include "diag/profile/string_table.h"
#include "diag/profile/symbols.h"

#include <stdio.h>
#include <string.h>

/* Field numbers of profile.proto. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING_TABLE = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
    VALUE_TYPE_TYPE = 1,
    VALUE_TYPE_UNIT = 2,
    SAMPLE_LOCATION_ID = 1,
    SAMPLE_VALUE = 2,
    SAMPLE_LABEL = 3,
    LABEL_KEY = 1,
    LABEL_STR = 2,
    LABEL_NUM = 3,
    MAPPING_ID = 1,
    MAPPING_MEMORY_START = 2,
    MAPPING_MEMORY_LIMIT = 3,
    MAPPING_FILE_OFFSET = 4,
    MAPPING_FILENAME = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
    LOCATION_ID = 1,
    LOCATION_MAPPING_ID = 2,
    LOCATION_ADDRESS = 3,
    LOCATION_LINE = 4,
    LINE_FUNCTION_ID = 1,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_SYSTEM_NAME = 3,
};

/* Of the numbers that parts go by: a location's is 1 + the place of its address among `pcs`, a
 * function's that of its name among the texts. */
struct encoder {
    struct buf out;
    struct buf part, inner; /* messages under way */
    struct string_table strings;
    struct symbols *symbols;
    uintptr_t *pcs; /* sorted, each once */
    size_t n_pcs;
    struct {
        bool *is_function; /* by the number of its name */
        size_t n;
    } seen; /* functions that were put out */
};

static void release(struct encoder *c)
{
    buf_release(&c->out);
    buf_release(&c->part);
    buf_release(&c->inner);
    string_table_release(&c->strings);
    symbols_free(c->symbols);
    free(c->pcs);
    free(c->seen.is_function);
}

static struct err *put_text(struct encoder *c, struct buf *to, unsigned field, const char *text)
{
    size_t number = 0;

    TRY(string_table_get(&c->strings, text, &number));
    return pb_uint(to, field, number);
}

/* Moves the message in `part` to the output. */
static struct err *put_part(struct encoder *c, unsigned field)
{
    TRY(pb_bytes(&c->out, field, buf_bytes(&c->part)));
    buf_clear(&c->part);
    return NULL;
}

/* Moves the message in `inner` to `part`. */
static struct err *put_inner(struct encoder *c, unsigned field)
{
    TRY(pb_bytes(&c->part, field, buf_bytes(&c->inner)));
    buf_clear(&c->inner);
    return NULL;
}

static struct err *put_type(struct encoder *c, unsigned field, const struct profile_type *t)
{
    TRY(put_text(c, &c->part, VALUE_TYPE_TYPE, t->type));
    TRY(put_text(c, &c->part, VALUE_TYPE_UNIT, t->unit));
    return put_part(c, field);
}

static struct err *put_frame(struct encoder *c, const struct profile *p)
{
    for (size_t i = 0; i < p->n_types; i++)
        TRY(put_type(c, PROFILE_SAMPLE_TYPE, &p->types[i]));
    TRY(pb_uint(&c->out, PROFILE_TIME_NANOS, (uint64_t)p->time.ns));
    TRY(pb_uint(&c->out, PROFILE_DURATION_NANOS, (uint64_t)p->duration.ns));
    TRY(put_type(c, PROFILE_PERIOD_TYPE, &p->period_type));
    TRY(pb_uint(&c->out, PROFILE_PERIOD, (uint64_t)p->period));
    if (p->comment)
        TRY(put_text(c, &c->out, PROFILE_COMMENT, p->comment));
    return put_text(c, &c->out, PROFILE_DEFAULT_SAMPLE_TYPE, p->shown);
}

static int compare_pcs(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return x < y ? -1 : x > y;
}

static struct err *gather_pcs(struct encoder *c, const struct stack_table *stacks)
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < stack_table_count(stacks); i++)
        n += stack_table_at(stacks, i)->stack.depth;
    c->pcs = calloc(n ? n : 1, sizeof(c->pcs[0]));
    if (!c->pcs)
        return err_nomem();
    n = 0;
    for (size_t i = 0; i < stack_table_count(stacks); i++) {
        const struct stack *s = &stack_table_at(stacks, i)->stack;
        memcpy(c->pcs + n, s->pc, s->depth * sizeof(s->pc[0]));
        n += s->depth;
    }
    qsort(c->pcs, n, sizeof(c->pcs[0]), compare_pcs);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || c->pcs[kept - 1] != c->pcs[i])
            c->pcs[kept++] = c->pcs[i];
    }
    c->n_pcs = kept;
    return NULL;
}

static uint64_t location_of(const struct encoder *c, uintptr_t pc)
{
    const uintptr_t *at = bsearch(&pc, c->pcs, c->n_pcs, sizeof(pc), compare_pcs);
    return at ? 1 + (uint64_t)(at - c->pcs) : 0;
}

static struct err *put_label(struct encoder *c, const char *key, const char *text, uint64_t number)
{
    TRY(put_text(c, &c->inner, LABEL_KEY, key));
    TRY(put_text(c, &c->inner, LABEL_STR, text));
    TRY(pb_uint(&c->inner, LABEL_NUM, number));
    return put_inner(c, SAMPLE_LABEL);
}

static bool is_empty(const struct profile *p, const struct stack_entry *e)
{
    for (size_t i = 0; i < p->n_types; i++) {
        if (e->values[i] >= 0.5)
            return false;
    }
    return true;
}

static struct err *put_sample(struct encoder *c, const struct profile *p,
                              const struct stack_entry *e)
{
    for (unsigned i = 0; i < e->stack.depth; i++)
        TRY(pb_varint(&c->inner, location_of(c, e->stack.pc[i])));
    TRY(put_inner(c, SAMPLE_LOCATION_ID));
    for (size_t i = 0; i < p->n_types; i++)
        TRY(pb_varint(&c->inner, e->values[i] > 0 ? (uint64_t)(e->values[i] + 0.5) : 0));
    TRY(put_inner(c, SAMPLE_VALUE));
    if (p->thread_name && e->thread) {
        TRY(put_label(c, "thread", p->thread_name(p->arg, e->thread), 0));
        TRY(put_label(c, "tid", "", (uint64_t)e->thread));
    }
    return put_part(c, PROFILE_SAMPLE);
}

static struct err *put_samples(struct encoder *c, const struct profile *p)
{
    for (size_t i = 0; i < stack_table_count(p->stacks); i++) {
        const struct stack_entry *e = stack_table_at(p->stacks, i);
        if (!is_empty(p, e))
            TRY(put_sample(c, p, e));
    }
    return NULL;
}

static struct err *put_mappings(struct encoder *c)
{
    const struct modules *all = symbols_modules(c->symbols);

    for (size_t i = 0; i < all->n; i++) {
        const struct module *m = &all->items[i];
        TRY(pb_uint(&c->part, MAPPING_ID, i + 1));
        TRY(pb_uint(&c->part, MAPPING_MEMORY_START, m->start));
        TRY(pb_uint(&c->part, MAPPING_MEMORY_LIMIT, m->limit));
        TRY(pb_uint(&c->part, MAPPING_FILE_OFFSET, m->offset));
        TRY(put_text(c, &c->part, MAPPING_FILENAME, m->path));
        TRY(put_text(c, &c->part, MAPPING_BUILD_ID, m->build_id));
        TRY(pb_uint(&c->part, MAPPING_HAS_FUNCTIONS, 1));
        TRY(put_part(c, PROFILE_MAPPING));
    }
    return NULL;
}

/* Marks that name as a function's; *ret_is_new when it was none before. */
static struct err *see_function(struct encoder *c, size_t name, bool *ret_is_new)
{
    if (name >= c->seen.n) {
        size_t n = 2 * name + 64;
        bool *grown = realloc(c->seen.is_function, n);
        if (!grown)
            return err_nomem();
        memset(grown + c->seen.n, 0, n - c->seen.n);
        c->seen.is_function = grown;
        c->seen.n = n;
    }
    *ret_is_new = !c->seen.is_function[name];
    c->seen.is_function[name] = true;
    return NULL;
}

/* As C++ names them: readers decode that themselves where both names are the same. */
static struct err *put_function(struct encoder *c, const char *name, size_t *ret_id)
{
    bool is_new = false;

    TRY(string_table_get(&c->strings, name, ret_id));
    TRY(see_function(c, *ret_id, &is_new));
    if (!is_new)
        return NULL;
    TRY(pb_uint(&c->part, FUNCTION_ID, *ret_id));
    TRY(pb_uint(&c->part, FUNCTION_NAME, *ret_id));
    TRY(pb_uint(&c->part, FUNCTION_SYSTEM_NAME, *ret_id));
    return put_part(c, PROFILE_FUNCTION);
}

static struct err *put_location(struct encoder *c, uintptr_t pc)
{
    const struct modules *all = symbols_modules(c->symbols);
    const struct module *m = modules_find(all, pc);
    struct symbols_answer found;
    size_t function = 0;

    symbols_find(c->symbols, pc, &found);
    TRY(put_function(c, found.name, &function));
    TRY(pb_uint(&c->part, LOCATION_ID, location_of(c, pc)));
    TRY(pb_uint(&c->part, LOCATION_MAPPING_ID, m ? 1 + (uint64_t)(m - all->items) : 0));
    TRY(pb_uint(&c->part, LOCATION_ADDRESS, pc));
    TRY(pb_uint(&c->inner, LINE_FUNCTION_ID, function));
    TRY(put_inner(c, LOCATION_LINE));
    return put_part(c, PROFILE_LOCATION);
}

static struct err *put_strings(struct encoder *c)
{
    for (size_t i = 0; i < c->strings.n; i++)
        TRY(pb_bytes(&c->out, PROFILE_STRING_TABLE, bytes_of_str(c->strings.texts[i])));
    return NULL;
}

RESULT profile_encode(const struct profile *p, struct buf *out)
{
    CLEANUP(release)
    struct encoder c = {.out = BUF_INIT(PROFILE_MAX),
                        .part = BUF_INIT(PROFILE_MAX),
                        .inner = BUF_INIT(PROFILE_MAX)};

    TRY(symbols_load(&c.symbols));
    TRY(put_frame(&c, p));
    TRY(gather_pcs(&c, p->stacks));
    TRY(put_samples(&c, p));
    TRY(put_mappings(&c));
    for (size_t i = 0; i < c.n_pcs; i++)
        TRY(put_location(&c, c.pcs[i]));
    TRY(put_strings(&c));
    return gzip_pack(buf_bytes(&c.out), out);
}
