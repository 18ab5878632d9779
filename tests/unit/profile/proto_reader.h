/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_PROFILE_PROTO_READER_H
#define TBOT_TESTS_UNIT_PROFILE_PROTO_READER_H

/* A profile.proto, read by the numbers of its fields alone. What is odd about it fails the test. */

#include "base/buf.h"

struct proto_reader {
    struct buf plain;
    size_t n_strings;
    char *strings[4096];
    size_t n_functions, n_locations, n_samples;
    struct {
        uint64_t id, name;
    } functions[4096];
    struct {
        uint64_t id, function, address;
    } locations[8192];
    struct {
        size_t n_at, n_values;
        uint64_t at[64], values[4];
        uint64_t thread; /* the label's text */
    } samples[4096];
    size_t n_types;
    uint64_t types[4]; /* names */
    uint64_t shown, period, duration;
    size_t n_mappings, n_build_ids;
};

void proto_reader_read(struct proto_reader *r, struct bytes gzipped);
void proto_reader_release(struct proto_reader *r);

/* The sum of a value over samples with that function in their stack; NULL: over all. */
uint64_t proto_reader_sum(const struct proto_reader *r, size_t value, const char *function);

/* Likewise, over samples of threads with that name. */
uint64_t proto_reader_sum_thread(const struct proto_reader *r, size_t value, const char *thread);

#endif
