/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about reaching the cluster: a convenience that is old or new, and never in the way. Not
 * walked without memory: jansson, which reads it, then drops bytes or aborts.
 */
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"
#include "transport/path_memory.h"

#define SETTINGS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct progress {
    bool is_saved;
};

static struct err *open_memory(struct walk *w, struct err **ret_ignored, struct path_memory **ret)
{
    const struct path_memory_config config = {.dir = w->dir.path, .settings = SETTINGS};
    return path_memory_open(&config, ret_ignored, ret);
}

/* Whether what was learnt is stored, in the second try at the latest. */
static struct err *learn(struct walk *w, const char *cluster, bool *ret_saved)
{
    CLEANUP(path_memory_freep) struct path_memory *m = NULL;
    CLEANUP(err_freep) struct err *ignored = NULL;
    const enum route route = ROUTE_DIRECT;
    TRY(open_memory(w, &ignored, &m));
    if (ignored)
        walk_judge(w, ignored);
    path_memory_learn(m, &(struct path_news){.cluster = cluster, .route = &route});
    struct err *e = path_memory_save(m, wall_of_unix(1767322800));
    if (e && !w->kind->lasts)
        walk_check_ok(w, path_memory_save(m, wall_of_unix(1767322860)), "saving again");
    *ret_saved = !ignored && !(e && w->kind->lasts);
    return e;
}

static void set_up(struct walk *w)
{
    bool is_saved = false;
    assert_ok(learn(w, "before", &is_saved));
}

static struct err *act(struct walk *w)
{
    return learn(w, "after", &((struct progress *)w->notes)->is_saved);
}

/* What the next start knows. */
static void check_knows(struct walk *w, bool must_be_new)
{
    CLEANUP(path_memory_freep) struct path_memory *m = NULL;
    struct err *ignored = NULL;
    struct path_file f;
    if (!walk_check_ok(w, open_memory(w, &ignored, &m), "the next start") ||
        !walk_check_ok(w, ignored, "the file is damaged"))
        return;
    path_memory_get(m, &f);
    walk_check(w, f.has_route, "the route is lost");
    walk_check(
        w, strcmp(f.cluster, "after") == 0 || (!must_be_new && strcmp(f.cluster, "before") == 0),
        "cluster '%s'", f.cluster);
}

static void check(struct walk *w, const struct err *e)
{
    const struct progress *p = w->notes;
    bool is_saved = false;
    (void)e;
    check_knows(w, p->is_saved);
    if (!walk_check_ok(w, learn(w, "after", &is_saved), "the next start learns"))
        return;
    check_knows(w, true);
    CLEANUP(freep) char *names = temp_dir_list(&w->dir);
    walk_check(w, strcmp(names, PATH_MEMORY_FILE) == 0, "the directory holds: %s", names);
}

static const struct scenario scenarios[] = {
    {"way to the cluster", KINDS_DISK, set_up, act, check},
};

int main(int argc, char **argv)
{
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
