/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole transaction of a renewal: the real renewer, renewal_run() and the store against a cluster
 * that locks whoever presents an old generation. The agent's life ends where the process dies, or
 * when it has renewed, or when it has failed for long enough; then it is started again.
 */
#include "identity/renewal.h"
#include "identity/store_files.h"
#include "identity/store_journal.h"
#include "identity/store_recover.h"
#include "tests/fault/cluster.h"
#include "tests/fault/identities.h"
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"

/* Events of one life: what is broken for good may be tried that often. */
#define STEPS_MAX 60
/* A renewal that takes more lives than this will not come any more. */
#define LIVES_MAX 4
#define TTL_S 3600

/* What is known of all lives; the cluster first. */
struct history {
    struct cluster cluster;
    int64_t in_memory; /* the generation the last life had when it ended orderly */
    bool has_life_ended;
};

static struct history *history(struct walk *w)
{
    return w->notes;
}

struct option {
    bool has_instances, retry_open;
    bool is_tight;   /* the stored identity ends soon */
    bool is_away;    /* the first request does not reach the cluster */
    bool is_first;   /* nothing stored: a join */
    bool is_lagging; /* the identity fitted into the journal, and not into its files */
};

static const struct option *option(const struct walk *w)
{
    return w->scenario->arg;
}

/* One life of the agent. */
struct life {
    struct walk *w;
    struct fake_clock time;
    struct fake_entropy dice;
    struct cluster_remote cluster;
    struct ctx ctx;
    struct store *store;
    struct keypool *keys;
    struct credentials *creds;
    char tokenhash[SHA256_HEX_SIZE];
    struct renewer renewer;
    unsigned steps;
};

static void life_release(struct life *l)
{
    credentials_free(l->creds);
    keypool_free(l->keys);
    store_close(l->store);
}

/* --- what is there before --- */

static struct credentials *make_identity(const struct option *o, int64_t generation,
                                         const struct clock *clock)
{
    static const char *const instance[] = {OID_BOT_INSTANCE, "0d2c3a5e-1111-4222-8333-444455556666",
                                           NULL};
    int64_t now = wall_to_unix(clock_wall(clock));
    int64_t age = o->is_tight ? TTL_S * 9 / 10 : TTL_S / 2;
    return fixture_credentials(&(struct fixture){
        .generation = generation,
        .not_before = now - age - 60,
        .not_after = now - age + TTL_S,
        .attributes = o->has_instances ? instance : NULL,
        .key = credentials_key(identity(generation)),
    });
}

/* What is stored before the first life. */
static int64_t first_generation(const struct walk *w)
{
    return option(w)->is_lagging ? 2 : 1;
}

static void put_committed_journal(struct dir *d, struct credentials *old, struct credentials *new)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    struct store_journal j = {.generation = 1, .creds = new, .tokenhash = TOKEN_HASH};
    assert_ok(store_files_fingerprint_of(old, j.base));
    assert_ok(store_journal_encode(&j, &text));
    assert_ok(dir_replace(d, STORE_JOURNAL_NAME, secret_bytes(text), 0600));
}

static void set_time(struct fake_clock *time)
{
    fake_clock_init(time, "2026-01-02T03:04:05Z");
}

static void set_up(struct walk *w)
{
    const struct option *o = option(w);
    *history(w) =
        (struct history){.cluster = {.has_instances = o->has_instances, .away = o->is_away}};
    if (o->is_first)
        return;
    struct fake_clock time;
    set_time(&time);
    CLEANUP(credentials_freep) struct credentials *c = make_identity(o, 1, &time.clock);
    CLEANUP(credentials_freep) struct credentials *next = make_identity(o, 2, &time.clock);
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open(w->dir.path, SYMLINKS_SECURE, false, &d));
    assert_ok(store_files_publish(d, c, TOKEN_HASH));
    if (o->is_lagging)
        put_committed_journal(d, c, next);
    temp_dir_write(&w->dir, ".write-test", ""); /* of an earlier start */
    history(w)->cluster.generation = first_generation(w);
}

/* --- one life --- */

static struct err *load(struct life *l, struct renewer_event *ev)
{
    struct err *e = store_load(l->store, &l->creds, l->tokenhash);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_free(e);
        memcpy(l->tokenhash, TOKEN_HASH, sizeof(l->tokenhash));
        return NULL;
    }
    TRY(e);
    const struct store_renewal *open = store_open_renewal(l->store);
    ev->has_identity = true;
    ev->identity = renewal_describe(l->creds);
    ev->open = open != NULL;
    return NULL;
}

static struct err *begin(struct life *l, struct renewer_event *ev)
{
    const struct option *o = option(l->w);
    set_time(&l->time);
    fake_entropy_init(&l->dice, 7);
    cluster_remote_make(&l->cluster, &history(l->w)->cluster, &l->time.clock);
    l->ctx = (struct ctx){.clock = &l->time.clock, .deadline = MONO_NEVER};
    TRY(store_open(&(struct store_config){.path = l->w->dir.path}, &l->store));
    TRY(keypool_new(NULL, &l->keys));
    TRY(load(l, ev));
    renewer_init(&l->renewer, &(struct renewer_config){.interval = dur_s(TTL_S / 3),
                                                       .attempts = 7,
                                                       .can_join = o->is_first,
                                                       .retry_open = o->retry_open,
                                                       .startup_limit = dur_s(120),
                                                       .entropy = &l->dice.entropy});
    return NULL;
}

static struct renewer_event run_job(struct life *l, enum renewer_job job)
{
    struct renewal_env env = {l->store, &l->cluster.remote, l->keys, NULL};
    struct renewal_input in = {.job = job,
                               .creds = l->creds,
                               .ttl = dur_s(TTL_S),
                               .tokenhash = l->tokenhash,
                               .ctx = &l->ctx,
                               .patient_ctx = &l->ctx};
    struct renewal_outcome outcome;
    renewal_run(&env, &in, &outcome);
    struct renewer_event ev = outcome.event;
    if (outcome.err && err_code(outcome.err) != ERR_UNAVAILABLE) /* that one is the model's */
        walk_judge(l->w, outcome.err);
    if (outcome.creds) {
        credentials_free(l->creds);
        l->creds = TAKE(outcome.creds);
    }
    renewal_outcome_release(&outcome);
    return ev;
}

static bool has_renewed(const struct life *l)
{
    return l->renewer.state == RENEWER_FRESH && l->renewer.issued_here && !l->renewer.unpersisted;
}

/* It has renewed, or serves what it has until that expires. */
static bool is_at_end(const struct life *l)
{
    return has_renewed(l) || l->renewer.state == RENEWER_OVERTAKEN ||
           l->renewer.state == RENEWER_HELD;
}

static void go_on(struct life *l, struct renewer_event ev)
{
    while (l->steps++ < STEPS_MAX) {
        struct renewer_todo todo = renewer_step(&l->renewer, &ev, clock_now(&l->time.clock));
        if (is_at_end(l) || (todo.job == RENEWER_JOB_NONE && todo.wake.ns == MONO_NEVER.ns))
            return;
        if (todo.job != RENEWER_JOB_NONE) {
            ev = run_job(l, todo.job);
            continue;
        }
        fake_clock_advance(&l->time, mono_diff(todo.wake, clock_mono(&l->time.clock)));
        ev = (struct renewer_event){.kind = RENEWER_TIMER};
    }
}

static struct err *live(struct life *l)
{
    struct renewer_event ev = {.kind = RENEWER_START};
    TRY(begin(l, &ev));
    go_on(l, ev);
    if (l->renewer.unpersisted) /* as at an orderly stop */
        err_ignore(store_commit(l->store, l->creds, l->tokenhash), "the disk may be full for good");
    history(l->w)->in_memory = l->creds ? credentials_subject(l->creds)->generation : 0;
    history(l->w)->has_life_ended = true;
    return NULL;
}

static struct err *act(struct walk *w)
{
    CLEANUP(life_release) struct life l = {.w = w};
    return live(&l);
}

/* --- what is there after --- */

/* The generation on the disk, 0 for none, and whether a renewal is known to be open. */
static int64_t look(struct walk *w, bool *ret_open)
{
    CLEANUP(store_closep) struct store *s = NULL;
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    *ret_open = false;
    if (!walk_check_ok(w, store_open(&(struct store_config){.path = w->dir.path}, &s), "start"))
        return -1;
    *ret_open = store_open_renewal(s) != NULL;
    struct err *e = store_load(s, &c, tokenhash);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_free(e);
        return 0;
    }
    return walk_check_ok(w, e, "loading") ? credentials_subject(c)->generation : -1;
}

/* A reply can be lost with its connection, with its process, or with a disk that stays broken. */
static bool may_lose_reply(struct walk *w)
{
    return w->was_killed || w->kind->lasts || history(w)->cluster.replies_lost > 0;
}

/* The one journal there is holds the only copy of the identity: there is no room to note a request. */
static bool may_not_know(const struct walk *w)
{
    return option(w)->is_lagging && w->kind->points & POINT_SPACE;
}

static void check_left(struct walk *w)
{
    const struct history *h = history(w);
    bool is_open = false;
    int64_t stored = look(w, &is_open);
    bool is_behind = stored > 0 && stored < h->cluster.generation;
    walk_check(w, stored <= h->cluster.generation, "stored: a generation that was never issued");
    walk_check(w, !is_behind || may_lose_reply(w), "the reply was lost without need");
    walk_check(w, !is_behind || is_open || may_not_know(w),
               "a reply is missing, and the next start does not know");
    if (h->has_life_ended && h->cluster.replies_lost == 0)
        walk_check(w, h->in_memory == h->cluster.generation || h->in_memory == 0,
                   "what is in memory is not what was issued last");
    if (option(w)->is_tight && h->has_life_ended && w->kind->points & POINT_SPACE)
        walk_check(w, h->in_memory == first_generation(w) + 1,
                   "a full disk stopped a renewal that was due");
}

static void check_end(struct life *l)
{
    struct walk *w = l->w;
    enum renewer_state state = l->renewer.state;
    const struct cluster *c = &history(w)->cluster;
    int64_t mine = credentials_subject(l->creds)->generation;
    bool serves = renewer_is_serving(&l->renewer, clock_now(&l->time.clock));
    walk_check(w, serves, "nothing is served");
    walk_check(w, state != RENEWER_FRESH || mine == c->generation, "fresh, but not the last");
    walk_check(w, state != RENEWER_OVERTAKEN || mine + 1 == c->generation, "wrongly overtaken");
    walk_check(w, state != RENEWER_HELD || (c->has_instances && !option(w)->retry_open),
               "wrongly held");
    if (state != RENEWER_FRESH)
        walk_check(w, w->was_killed || w->kind->lasts || w->kind->points == POINT_REMOTE,
                   "an error that passed has cost the identity: %s", renewer_state_name(state));
}

static void check(struct walk *w, const struct err *e)
{
    (void)e;
    check_left(w);
    unsigned lives = 0;
    bool is_over = false;
    while (!is_over && lives++ < LIVES_MAX) {
        CLEANUP(life_release) struct life l = {.w = w};
        if (!walk_check_ok(w, live(&l), "the next life"))
            return;
        is_over = is_at_end(&l);
        if (is_over)
            check_end(&l);
    }
    walk_check(w, is_over, "it does not end");
    walk_check(w, !history(w)->cluster.is_locked, "the bot is locked");
}

/* How the options differ is seen where a request is out or the disk is full. */
#define ALL (KINDS_MEMORY | KINDS_DISK | KINDS_CLUSTER)
#define SOME (1U << KIND_FULL | 1U << KIND_KILLED | KINDS_CLUSTER)

static const struct scenario scenarios[] = {
    {"renewal", ALL, set_up, act, check, &(const struct option){0}},
    {"renewal, instances", SOME, set_up, act, check, &(const struct option){.has_instances = true}},
    {"renewal, instances, retry", SOME, set_up, act, check,
     &(const struct option){.has_instances = true, .retry_open = true}},
    {"renewal, little time left", ALL, set_up, act, check,
     &(const struct option){.is_tight = true}},
    {"renewal, little time left, cluster away", SOME, set_up, act, check,
     &(const struct option){.has_instances = true, .is_tight = true, .is_away = true}},
    {"renewal, little time left, identity in the journal only", SOME, set_up, act, check,
     &(const struct option){.is_tight = true, .is_lagging = true}},
    {"first join", ALL, set_up, act, check, &(const struct option){.is_first = true}},
};

int main(int argc, char **argv)
{
    identities_make();
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
