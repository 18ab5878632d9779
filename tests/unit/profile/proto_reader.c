/* SPDX-License-Identifier: Apache-2.0 */
#include "proto_reader.h"

#include "tests/support/assert_err.h"

#include <zlib.h>

#define PLAIN_MAX ((size_t)16 << 20)

struct field {
    unsigned number;
    uint64_t value;     /* of a varint */
    struct bytes bytes; /* else */
};

static uint64_t take_varint(struct bytes *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(in->len > 0 && shift < 64);
        uint8_t byte = *in->data;
        *in = (struct bytes){in->data + 1, in->len - 1};
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
}

static bool next_field(struct bytes *in, struct field *f)
{
    if (in->len == 0)
        return false;
    uint64_t key = take_varint(in);
    *f = (struct field){.number = (unsigned)(key >> 3)};
    assert_true((key & 7) == 0 || (key & 7) == 2);
    f->value = take_varint(in);
    if ((key & 7) == 2) {
        assert_true(f->value <= in->len);
        f->bytes = (struct bytes){in->data, f->value};
        *in = (struct bytes){in->data + f->value, in->len - f->value};
    }
    return true;
}

static size_t take_list(struct bytes in, uint64_t *items, size_t max)
{
    size_t n = 0;
    while (in.len) {
        assert_true(n < max);
        items[n++] = take_varint(&in);
    }
    return n;
}

/* The one varint field of that number in a message. */
static uint64_t number_in(struct bytes message, unsigned number)
{
    for (struct field f; next_field(&message, &f);) {
        if (f.number == number && !f.bytes.data)
            return f.value;
    }
    return 0;
}

static void read_sample(struct proto_reader *r, struct bytes in)
{
    __auto_type s = &r->samples[r->n_samples++];
    assert_true(r->n_samples < 4096);
    for (struct field f; next_field(&in, &f);) {
        if (f.number == 1)
            s->n_at = take_list(f.bytes, s->at, 64);
        else if (f.number == 2)
            s->n_values = take_list(f.bytes, s->values, 4);
        else if (f.number == 3 && number_in(f.bytes, 2))
            s->thread = number_in(f.bytes, 2);
    }
}

static void read_location(struct proto_reader *r, struct bytes in)
{
    __auto_type l = &r->locations[r->n_locations++];
    assert_true(r->n_locations < 8192);
    l->id = number_in(in, 1);
    l->address = number_in(in, 3);
    for (struct field f; next_field(&in, &f);) {
        if (f.number == 4)
            l->function = number_in(f.bytes, 1);
    }
}

static void read_field(struct proto_reader *r, const struct field *f)
{
    switch (f->number) {
    case 1:
        r->types[r->n_types++] = number_in(f->bytes, 1);
        return;
    case 2:
        read_sample(r, f->bytes);
        return;
    case 3:
        r->n_mappings++;
        r->n_build_ids += number_in(f->bytes, 6) != 0;
        return;
    case 4:
        read_location(r, f->bytes);
        return;
    case 5:
        r->functions[r->n_functions].id = number_in(f->bytes, 1);
        r->functions[r->n_functions++].name = number_in(f->bytes, 2);
        assert_true(r->n_functions < 4096);
        return;
    case 6:
        r->strings[r->n_strings++] = strndup((const char *)f->bytes.data, f->bytes.len);
        assert_true(r->n_strings < 4096);
        return;
    case 10:
        r->duration = f->value;
        return;
    case 12:
        r->period = f->value;
        return;
    case 14:
        r->shown = f->value;
        return;
    }
}

static void gunzip(struct bytes in, struct buf *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.data, .avail_in = (uInt)in.len};
    uint8_t *at = NULL;
    assert_ok(buf_reserve(out, PLAIN_MAX, &at));
    z.next_out = at;
    z.avail_out = PLAIN_MAX;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    buf_commit(out, z.total_out);
    inflateEnd(&z);
}

void proto_reader_read(struct proto_reader *r, struct bytes gzipped)
{
    memset(r, 0, sizeof(*r));
    r->plain = BUF_INIT(PLAIN_MAX);
    gunzip(gzipped, &r->plain);
    struct bytes in = buf_bytes(&r->plain);
    for (struct field f; next_field(&in, &f);)
        read_field(r, &f);
    assert_string_equal(r->strings[0], "");
}

void proto_reader_release(struct proto_reader *r)
{
    for (size_t i = 0; i < r->n_strings; i++)
        free(r->strings[i]);
    buf_release(&r->plain);
    r->n_strings = 0;
}

static const char *function_name(const struct proto_reader *r, uint64_t id)
{
    for (size_t i = 0; i < r->n_functions; i++) {
        if (r->functions[i].id == id)
            return r->strings[r->functions[i].name];
    }
    fail_msg("function %llu is not there", (unsigned long long)id);
    return NULL;
}

static const char *location_name(const struct proto_reader *r, uint64_t id)
{
    for (size_t i = 0; i < r->n_locations; i++) {
        if (r->locations[i].id == id)
            return function_name(r, r->locations[i].function);
    }
    fail_msg("location %llu is not there", (unsigned long long)id);
    return NULL;
}

static bool has_function(const struct proto_reader *r, size_t sample, const char *function)
{
    for (size_t i = 0; i < r->samples[sample].n_at; i++) {
        if (strcmp(location_name(r, r->samples[sample].at[i]), function) == 0)
            return true;
    }
    return false;
}

uint64_t proto_reader_sum(const struct proto_reader *r, size_t value, const char *function)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n_samples; i++) {
        assert_true(value < r->samples[i].n_values);
        if (!function || has_function(r, i, function))
            sum += r->samples[i].values[value];
    }
    return sum;
}

uint64_t proto_reader_sum_thread(const struct proto_reader *r, size_t value, const char *thread)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n_samples; i++) {
        if (strcmp(r->strings[r->samples[i].thread], thread) == 0)
            sum += r->samples[i].values[value];
    }
    return sum;
}
