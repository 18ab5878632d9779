/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks control_run(), and through it faults_split_line(), fault_parse() and all that a command
 * does to an authority: each line of the input is a command to a cluster.
 *
 * A cluster that no command changed serves the next input too, and all keys of a kind are the same
 * one: to make them is slow.
 */
#include "authority/control.h"
#include "authority/say.h"
#include "base/entropy.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define COMMANDS_MAX 16

struct err *__real_key_generate(enum key_kind kind, struct key **ret);
struct err *__wrap_key_generate(enum key_kind kind, struct key **ret);

static struct key *keys[KEY_ED25519 + 1];

struct err *__wrap_key_generate(enum key_kind kind, struct key **ret)
{
    *ret = key_ref(keys[kind]);
    return NULL;
}

/* Beforehand: an authority asks for its keys in several threads. */
static void make_keys(void)
{
    for (int kind = 0; kind <= KEY_ED25519; kind++)
        fuzz_must(__real_key_generate((enum key_kind)kind, &keys[kind]));
}

static struct mono no_mono(const struct clock *c)
{
    (void)c;
    return (struct mono){1};
}

static struct wall fixed_wall(const struct clock *c)
{
    (void)c;
    return wall_of_unix(1700000000);
}

static const struct clock fixed = {.mono = no_mono, .wall = fixed_wall};

static RESULT apply_nothing(void *arg)
{
    (void)arg;
    return NULL;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static struct authority *make_cluster(void)
{
    struct authority *a = NULL;
    const struct strlist no_leaves = {0};
    const struct authority_config config = {
        .cluster = "fuzz.example.com",
        .suite = SUITE_BALANCED_V1,
        .version = 17,
        .leaves = &no_leaves,
        .clock = &fixed,
        .entropy = entropy_system(),
    };
    fuzz_must(authority_new(&config, &a));
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct authority *cluster;
    say_nothing();
    if (!keys[0])
        make_keys();
    if (!cluster)
        cluster = make_cluster();
    const struct control_config config = {
        .authority = cluster,
        .clock = &fixed,
        .apply_outage = apply_nothing,
        .drop = do_nothing,
        .end = do_nothing,
    };
    struct bytes rest = {data, size};
    bool is_changed = false;
    for (int i = 0; i < COMMANDS_MAX && rest.len > 0; i++) {
        struct bytes part = fuzz_take_part(&rest, '\n');
        CLEANUP(freep) char *line = fuzz_text(part.data, part.len);
        CLEANUP(buf_release) struct buf out = BUF_INIT(CONTROL_MAX_REPLY);
        is_changed |= fuzz_is_accepted(control_run(&config, line, &out));
    }
    if (is_changed) {
        authority_free(cluster);
        cluster = NULL;
    }
    return 0;
}
