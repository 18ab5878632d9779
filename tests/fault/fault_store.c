/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stored identity: whatever fails, and wherever the process dies, it is the old one, with the
 * renewal known to be open, or the new one; and the next start finds it.
 */
#include "identity/store.h"

#include "identity/store_files.h"
#include "identity/store_journal.h"
#include "identity/store_recover.h"
#include "tests/fault/identities.h"
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"

#include <errno.h>

#define FLAT_FILES "key key-cert.pub key.pub lock sshcacerts tlscacerts tlscert tokenhash"
#define LEFTOVER ".tbot-abcd1234.tmp"

/* How far the process came that acted. */
struct progress {
    bool has_begun, has_committed, has_aborted;
};

static struct progress *progress(struct walk *w)
{
    return w->notes;
}

static struct err *open_store(struct walk *w, struct store **ret)
{
    return store_open(&(struct store_config){.path = w->dir.path, .create = true}, ret);
}

/* --- what is there before --- */

static void put_identity(struct walk *w, int64_t generation)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    assert_ok(dir_open(w->dir.path, SYMLINKS_SECURE, true, &d));
    assert_ok(store_files_publish(d, identity(generation), TOKEN_HASH));
}

/* The journal of the renewal from the first generation to the second; `committed`, or open. */
static void put_journal(struct walk *w, bool committed)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    CLEANUP(secret_freep) struct secret *text = NULL;
    struct store_journal j = {.generation = 1,
                              .started = wall_of_unix(1000),
                              .key = credentials_key(identity(2)),
                              .tokenhash = TOKEN_HASH};
    j.creds = committed ? identity(2) : NULL;
    assert_ok(store_files_fingerprint_of(identity(1), j.base));
    assert_ok(dir_open(w->dir.path, SYMLINKS_SECURE, true, &d));
    assert_ok(store_journal_encode(&j, &text));
    assert_ok(dir_replace(d, STORE_JOURNAL_NAME, secret_bytes(text), 0600));
}

static void set_up_stored(struct walk *w)
{
    put_identity(w, 1);
    temp_dir_write(&w->dir, LEFTOVER, "of a process that died");
}

static void set_up_open(struct walk *w)
{
    put_identity(w, 1);
    put_journal(w, false);
    temp_dir_write(&w->dir, "renewal.reserve", "space");
}

static void set_up_committed(struct walk *w)
{
    put_identity(w, 1);
    put_journal(w, true);
}

/* Another program, which knows of no journal, has renewed twice since. */
static void set_up_foreign(struct walk *w)
{
    put_identity(w, 3);
    put_journal(w, true);
}

static void set_up_foreign_open(struct walk *w)
{
    put_identity(w, 3);
    put_journal(w, false);
}

static void set_up_damaged(struct walk *w)
{
    put_identity(w, 1);
    temp_dir_write(&w->dir, STORE_JOURNAL_NAME, "tbot renewal journal 1\nstate 4\nop");
}

/* --- what happens --- */

static struct err *load(struct store *s, int64_t *ret_generation)
{
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    TRY(store_load(s, &c, tokenhash));
    if (strcmp(tokenhash, TOKEN_HASH) != 0)
        return err_new(ERR_BUG, "another token hash: '%s'", tokenhash);
    *ret_generation = credentials_subject(c)->generation;
    return NULL;
}

static struct err *act_load(struct walk *w)
{
    CLEANUP(store_closep) struct store *s = NULL;
    int64_t generation = 0;
    TRY(open_store(w, &s));
    return load(s, &generation);
}

/* After an error a caller tries again; a fault that passes must be made good by that. */
static bool again(struct walk *w, struct err *e, const char *what)
{
    if (!e)
        return true;
    if (!w->kind->lasts)
        walk_check(w, false, "%s a second time did not help", what);
    walk_judge(w, e);
    err_free(e);
    return false;
}

/* A directory that may be changed but not read cannot be synced. */
static bool is_durable(struct walk *w, const char *name)
{
    return w->kind->errnum == EACCES || !faults_is_rename_pending(name);
}

/* Told that it is stored, a caller relies on it: it must be there after a power cut too. */
static void check_is_durable(struct walk *w, const char *journal)
{
    walk_check(w, is_durable(w, STORE_JOURNAL_NAME), "the journal is not durable");
    faults_pause();
    bool in_files_only = !temp_dir_has(&w->dir, journal);
    faults_resume();
    if (in_files_only)
        walk_check(w, is_durable(w, "tlscert"), "the identity is not durable");
}

static struct err *begin(struct walk *w, struct store *s)
{
    struct err *e = store_begin_renewal(s, 1, credentials_key(identity(2)), wall_of_unix(1000));
    walk_check(w, !e == (store_open_renewal(s) != NULL), "open without a journal, or not with one");
    if (e)
        return e;
    progress(w)->has_begun = true;
    walk_check(w, is_durable(w, STORE_JOURNAL_NAME), "the open journal is not durable");
    return NULL;
}

static struct err *act_commit(struct walk *w)
{
    CLEANUP(store_closep) struct store *s = NULL;
    int64_t generation = 0;
    TRY(open_store(w, &s));
    TRY(begin(w, s));
    struct err *e = store_commit(s, identity(2), TOKEN_HASH);
    if (e && !again(w, store_commit(s, identity(2), TOKEN_HASH), "storing"))
        return e;
    progress(w)->has_committed = true;
    check_is_durable(w, STORE_JOURNAL_NAME);
    if (e)
        return e;
    TRY(load(s, &generation));
    walk_check(w, generation == 2, "what was stored is not what is loaded");
    return store_settle(s);
}

static struct err *act_abort(struct walk *w)
{
    CLEANUP(store_closep) struct store *s = NULL;
    TRY(open_store(w, &s));
    TRY(begin(w, s));
    struct err *e = store_abort_renewal(s);
    if (e && !again(w, store_abort_renewal(s), "ending the renewal"))
        return e;
    progress(w)->has_aborted = true;
    return e;
}

/* The first identity of all, into directories that are not there yet. */
static struct err *act_first(struct walk *w)
{
    CLEANUP(store_closep) struct store *s = NULL;
    CLEANUP(freep) char *path = NULL;
    faults_pause();
    path = strdup(temp_dir_join(&w->dir, "var/bot"));
    faults_resume();
    TRY(store_open(&(struct store_config){.path = path, .create = true}, &s));
    TRY(store_check_room(s));
    TRY(store_commit(s, identity(1), TOKEN_HASH));
    progress(w)->has_committed = true;
    check_is_durable(w, "var/bot/" STORE_JOURNAL_NAME);
    return NULL;
}

/* --- what is there after --- */

static void check_is_clean(struct walk *w, bool is_open)
{
    CLEANUP(freep) char *names = temp_dir_list(&w->dir);
    const char *rest = strncmp(names, ".write-test ", 12) == 0 ? names + 12 : names;
    const char *wanted = is_open ? "key key-cert.pub key.pub lock renewal.journal" : FLAT_FILES;
    walk_check(w, strncmp(rest, wanted, strlen(wanted)) == 0, "the directory holds: %s", names);
    walk_check(w, !strstr(names, ".tmp"), "a temporary file stayed: %s", names);
}

/* The next start: what it loads, 0 for nothing, and whether it knows of an open renewal. */
static int64_t start_again(struct walk *w, bool *ret_open)
{
    CLEANUP(store_closep) struct store *s = NULL;
    int64_t generation = 0;
    if (!walk_check_ok(w, open_store(w, &s), "the next start") ||
        !walk_check_ok(w, load(s, &generation), "the next start loads"))
        return 0;
    const struct store_renewal *r = store_open_renewal(s);
    *ret_open = r != NULL;
    if (r)
        walk_check(w,
                   r->generation == 1 && r->key && key_equals(r->key, credentials_key(identity(2))),
                   "the open renewal is not the one that was begun");
    walk_check(w, store_is_settled(s), "the next start leaves the identity in the journal");
    check_is_clean(w, *ret_open);
    walk_check_ok(w, store_abort_renewal(s), "ending what is open");
    check_is_clean(w, false);
    return generation;
}

static void check_commit(struct walk *w, const struct err *e)
{
    const struct progress *p = progress(w);
    bool is_open = false;
    int64_t generation = start_again(w, &is_open);
    walk_check(w, generation == 1 || generation == 2, "generation %d", (int)generation);
    if (p->has_committed)
        walk_check(w, generation == 2, "the stored identity is lost");
    if (p->has_begun && generation == 1)
        walk_check(w, is_open, "the renewal was begun, and the next start does not know");
    if (!p->has_begun)
        walk_check(w, generation == 1 && !(e && is_open), "an error, and yet a renewal is open");
    if (generation == 2)
        walk_check(w, !is_open, "an identity that is stored, and yet open");
}

static void check_abort(struct walk *w, const struct err *e)
{
    const struct progress *p = progress(w);
    bool is_open = false;
    walk_check(w, start_again(w, &is_open) == 1, "the stored identity changed");
    if (p->has_aborted || (e && !p->has_begun))
        walk_check(w, !is_open, "nothing was sent, and yet a renewal is open");
}

static void check_first(struct walk *w, const struct err *e)
{
    (void)e;
    CLEANUP(store_closep) struct store *s = NULL;
    int64_t generation = 0;
    struct store_config config = {.path = temp_dir_join(&w->dir, "var/bot"), .create = true};
    if (!walk_check_ok(w, store_open(&config, &s), "the next start"))
        return;
    struct err *why = load(s, &generation);
    if (progress(w)->has_committed || err_code(why) != ERR_NOT_FOUND)
        walk_check_ok(w, why, "the next start loads");
    else
        err_free(why);
    walk_check(w, !store_open_renewal(s), "a join is no open renewal");
}

static void check_holds(struct walk *w, int64_t wanted, bool wants_open)
{
    bool is_open = false;
    int64_t generation = start_again(w, &is_open);
    walk_check(w, generation == wanted, "generation %d, not %d", (int)generation, (int)wanted);
    walk_check(w, is_open == wants_open, "open: %d", is_open);
}

static void check_stored(struct walk *w, const struct err *e)
{
    (void)e;
    check_holds(w, 1, false);
}

static void check_open(struct walk *w, const struct err *e)
{
    (void)e;
    check_holds(w, 1, true);
}

static void check_completed(struct walk *w, const struct err *e)
{
    (void)e;
    check_holds(w, 2, false);
}

static void check_foreign(struct walk *w, const struct err *e)
{
    (void)e;
    check_holds(w, 3, false);
}

static void check_damaged(struct walk *w, const struct err *e)
{
    (void)e;
    CLEANUP(store_closep) struct store *s = NULL;
    if (!walk_check_ok(w, open_store(w, &s), "the next start"))
        return;
    const struct store_renewal *r = store_open_renewal(s);
    walk_check(w, r && r->is_damaged && r->generation == 1, "the damaged journal is forgotten");
}

#define DISK_AND_MEMORY (KINDS_MEMORY | KINDS_DISK)

static const struct scenario scenarios[] = {
    {"open, load", DISK_AND_MEMORY, set_up_stored, act_load, check_stored},
    {"begin, commit", DISK_AND_MEMORY, set_up_stored, act_commit, check_commit},
    {"begin, abort", DISK_AND_MEMORY, set_up_stored, act_abort, check_abort},
    {"first identity", DISK_AND_MEMORY, NULL, act_first, check_first},
    {"start with an open renewal", DISK_AND_MEMORY, set_up_open, act_load, check_open},
    {"start with a committed one", DISK_AND_MEMORY, set_up_committed, act_load, check_completed},
    {"start after another program", DISK_AND_MEMORY, set_up_foreign, act_load, check_foreign},
    {"the same, left open", DISK_AND_MEMORY, set_up_foreign_open, act_load, check_foreign},
    {"start with a damaged journal", DISK_AND_MEMORY, set_up_damaged, act_load, check_damaged},
};

int main(int argc, char **argv)
{
    identities_make();
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
