/* SPDX-License-Identifier: Apache-2.0 */
/* Keys made ahead of need, while the workers are idle. */
#include "agent/agent_parts.h"

static void say_key(void *arg, enum key_kind kind, struct dur took)
{
    struct agent *a = arg;
    log_debug(a->setup.log, "keys", "key made", LOG_STR("kind", key_kind_name(kind)),
              LOG_INT("took_ms", took.ns / 1000000));
}

RESULT agent_keys_make(struct agent *a)
{
    struct keypool_config config = {.clock = a->setup.clock, .made = say_key, .arg = a};
    return keypool_new(&config, &a->keys);
}

/* For each output, and for our own next renewal. */
unsigned agent_keys_ahead(const struct config *config)
{
    size_t n = config->n_services + 1;
    return n < KEYPOOL_DEPTH_MAX ? (unsigned)n : KEYPOOL_DEPTH_MAX;
}

static void fill_one(void *arg)
{
    struct agent *a = arg;
    bool more;
    err_ignore(keypool_fill_one(a->keys, &more), "a key is then made when it is needed");
}

static void filled(void *arg)
{
    struct agent *a = arg;
    a->n_filling--;
    a->changed(a);
}

/* One pass takes each key once, and ends without waiting for one that nobody will take. */
static bool has_enough_keys(const struct agent *a)
{
    const struct config *config = a->setup.config;
    return !keypool_is_short(a->keys) ||
           (config->oneshot && a->n_filled >= agent_keys_ahead(config));
}

void agent_keys_fill(struct agent *a)
{
    if (a->n_filling > 0 || !pool_is_idle(a->workers))
        return;
    while (a->n_filling < AGENT_KEYS_AT_ONCE && !has_enough_keys(a)) {
        struct pool_job *job = &a->fill[a->n_filling];
        *job = (struct pool_job){.run = fill_one, .done = filled, .arg = a};
        a->n_filling++;
        a->n_filled++;
        pool_submit(a->workers, job);
    }
}
