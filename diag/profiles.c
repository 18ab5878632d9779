/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profiles.h"

void diag_profiles_init(struct diag_profiles *p, const struct diag_profiles_config *c)
{
    p->c = *c;
    for (size_t i = 0; i < PLACES_MAX; i++)
        p->items[i] = (struct diag_profile_item){.all = p, .bytes = BUF_INIT(DIAG_ANSWER_MAX)};
}

void diag_profiles_release(struct diag_profiles *p)
{
    for (size_t i = 0; i < PLACES_MAX; i++)
        diag_profiles_forget(p, i);
    profiler_free(TAKE(p->profiler));
}

static void fail(struct diag_profile_item *item, struct err *why)
{
    item->state = DIAG_PROFILE_FAILED;
    item->why = why;
}

static void done(void *arg, struct err *e, struct bytes bytes)
{
    struct diag_profile_item *item = arg;

    item->job = NULL;
    item->state = DIAG_PROFILE_MADE;
    if (!e && bytes.len)
        e = buf_add(&item->bytes, bytes.data, bytes.len);
    if (e)
        fail(item, e);
    item->all->c.changed(item->all->c.arg);
}

static struct err *begin(struct diag_profiles *p, struct diag_profile_item *item,
                         const struct diag_deed *deed)
{
    const struct profiler_order order = {.kind = deed->profile,
                                         .span = deed->lasting,
                                         .input = deed->input,
                                         .done = done,
                                         .arg = item};
    if (!p->profiler)
        TRY(profiler_new(p->c.loop, p->c.clock, &p->profiler));
    TRY(profiler_start(p->profiler, &order, &item->job));
    item->state = DIAG_PROFILE_UNDER_WAY;
    return NULL;
}

void diag_profiles_start(struct diag_profiles *p, size_t i, const struct diag_deed *deed)
{
    diag_profiles_forget(p, i);
    struct err *e = begin(p, &p->items[i], deed);
    if (!e)
        return;
    fail(&p->items[i], e);
    p->c.changed(p->c.arg);
}

struct diag_profile_view diag_profiles_view(const struct diag_profiles *p, size_t i)
{
    const struct diag_profile_item *item = &p->items[i];
    return (struct diag_profile_view){item->state, buf_bytes(&item->bytes), item->why};
}

void diag_profiles_forget(struct diag_profiles *p, size_t i)
{
    struct diag_profile_item *item = &p->items[i];

    if (item->job)
        profiler_forget(TAKE(item->job));
    item->state = DIAG_PROFILE_NONE;
    buf_release(&item->bytes);
    err_free(TAKE(item->why));
}
