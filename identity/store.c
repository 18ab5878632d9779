/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store.h"

#include "identity/store_files.h"
#include "identity/store_journal.h"
#include "identity/store_recover.h"

#include <string.h>

#define RESERVE "renewal.reserve"
#define WRITE_TEST ".write-test"
#define FILE_MODE 0600

struct store {
    struct dir *dir; /* NULL: memory */
    int lock_fd;
    /* Memory: the identity. Directory: the journal's, while the flat files still lag behind it. */
    struct credentials *held;
    char held_tokenhash[SHA256_HEX_SIZE];
    struct store_renewal renewal;
    bool is_open;
    bool is_marked; /* open by store_mark_renewal() */
    struct strlist notes;
};

static void note(struct store *s, const char *text)
{
    err_ignore(strlist_add(&s->notes, text), "a note that finds no memory is not worth failing");
}

static void note_error(struct store *s, struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    note(s, text ? text : "out of memory");
    err_free(e);
}

static void end_renewal(struct store *s)
{
    key_free(s->renewal.key);
    s->renewal = (struct store_renewal){0};
    s->is_open = s->is_marked = false;
}

static void set_renewal(struct store *s, const struct store_renewal *r)
{
    struct store_renewal copy = *r;
    copy.key = r->key ? key_ref(r->key) : NULL;
    end_renewal(s);
    s->renewal = copy;
    s->is_open = true;
}

static void hold(struct store *s, struct credentials *creds, const char *tokenhash)
{
    struct credentials *old = s->held;
    s->held = credentials_ref(creds);
    memmove(s->held_tokenhash, tokenhash, strlen(tokenhash) + 1);
    credentials_free(old);
}

static RESULT write_journal(struct store *s, const struct store_journal *j)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(store_journal_encode(j, &text));
    return dir_replace(s->dir, STORE_JOURNAL_NAME, secret_bytes(text), FILE_MODE);
}

/* Which identity the flat files hold, for the journal. Unreadable ones must not stop a commit. */
static void fingerprint(struct store *s, char ret[SHA256_HEX_SIZE])
{
    ret[0] = '\0';
    err_ignore(store_files_fingerprint(s->dir, ret), "'' says that it is not known");
}

static RESULT remove_journal(struct store *s)
{
    TRY(dir_remove(s->dir, STORE_JOURNAL_NAME));
    return dir_remove(s->dir, RESERVE);
}

static void redo(struct store *s, const struct store_journal *j)
{
    note(s, "the last renewal was interrupted after its reply was stored: completing it now");
    hold(s, j->creds, j->tokenhash);
    struct err *e = store_settle(s);
    if (e)
        note_error(s, err_wrap(e, "the identity stays in the journal for now"));
}

static void reopen(struct store *s, const struct store_recovery *r)
{
    struct store_renewal renewal = {
        .generation = r->journal.generation,
        .key = r->journal.key,
        .started = r->journal.started,
        .is_damaged = r->kind == STORE_RECOVERY_DAMAGED,
    };
    set_renewal(s, &renewal);
}

static RESULT recover(struct store *s)
{
    CLEANUP(store_recovery_release) struct store_recovery r = {0};
    TRY(store_recover_read(s->dir, &r));
    switch (r.kind) {
    case STORE_RECOVERY_NOTHING:
        return dir_remove(s->dir, RESERVE);
    case STORE_RECOVERY_STALE:
        note(s, "the renewal journal is removed: another tbot has renewed the identity since");
        return remove_journal(s);
    case STORE_RECOVERY_REDO:
        redo(s, &r.journal);
        return NULL;
    case STORE_RECOVERY_DAMAGED:
        note_error(s, TAKE(r.damage));
        reopen(s, &r);
        return NULL;
    case STORE_RECOVERY_OPEN:
        reopen(s, &r);
        return NULL;
    }
    return err_new(ERR_BUG, "a recovery of unknown kind");
}

static struct store *store_new(void)
{
    struct store *s = calloc(1, sizeof(*s));
    if (s)
        s->lock_fd = -1;
    return s;
}

RESULT store_open(const struct store_config *config, struct store **ret)
{
    CLEANUP(store_closep) struct store *s = store_new();
    if (!s)
        return err_nomem();
    TRY_CTX(dir_open(config->path, config->symlinks, config->create, &s->dir), "storage");
    TRY_CTX(dir_lock(s->dir, STORE_LOCK_NAME, &s->lock_fd), "storage");
    TRY_CTX(recover(s), "storage '%s'", config->path);
    *ret = TAKE(s);
    return NULL;
}

RESULT store_open_memory(struct store **ret)
{
    struct store *s = store_new();
    if (!s)
        return err_nomem();
    *ret = s;
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    end_renewal(s);
    credentials_free(s->held);
    strlist_release(&s->notes);
    closep(&s->lock_fd);
    dir_close(s->dir);
    free(s);
}

const char *store_name(const struct store *s)
{
    return s->dir ? dir_path(s->dir) : "memory";
}

RESULT store_load(struct store *s, struct credentials **ret, char ret_tokenhash[SHA256_HEX_SIZE])
{
    if (s->held) {
        memcpy(ret_tokenhash, s->held_tokenhash, SHA256_HEX_SIZE);
        *ret = credentials_ref(s->held);
        return NULL;
    }
    if (!s->dir)
        return err_new(ERR_NOT_FOUND, "no stored identity: the storage is in memory");
    return store_files_load(s->dir, ret, ret_tokenhash);
}

const struct store_renewal *store_open_renewal(const struct store *s)
{
    return s->is_open ? &s->renewal : NULL;
}

static RESULT make_room(struct store *s)
{
    TRY(dir_replace(s->dir, WRITE_TEST, (struct bytes){0}, FILE_MODE));
    return dir_reserve_space(s->dir, RESERVE, STORE_ROOM);
}

RESULT store_check_room(struct store *s)
{
    if (!s->dir)
        return NULL;
    TRY_CTX(make_room(s), "testing that an identity can be stored in '%s'", store_name(s));
    return dir_remove(s->dir, RESERVE);
}

static RESULT write_open(struct store *s, const struct store_renewal *r)
{
    struct store_journal j = {
        .generation = r->generation,
        .key = r->key,
        .started = r->started,
    };
    /* A committed journal may be the only copy of an identity: the flat files come first. */
    TRY(store_settle(s));
    TRY(store_files_fingerprint(s->dir, j.base));
    TRY(make_room(s));
    struct err *e = write_journal(s, &j);
    if (!e)
        return NULL;
    /* It may be there, only not durable; found at the next start it would pass for a request. */
    if (!s->is_open)
        err_ignore(dir_remove(s->dir, STORE_JOURNAL_NAME), "the first error is the one to report");
    err_ignore(dir_remove(s->dir, RESERVE), "as above");
    return e;
}

RESULT store_begin_renewal(struct store *s, int64_t generation, struct key *new_key,
                           struct wall now)
{
    struct store_renewal r = {.generation = generation, .key = new_key, .started = now};
    if (s->dir)
        TRY_CTX(write_open(s, &r), "storing what is about to be renewed");
    set_renewal(s, &r);
    return NULL;
}

RESULT store_mark_renewal(struct store *s, int64_t generation, struct wall now)
{
    struct store_renewal r = {.generation = generation, .started = now, .is_damaged = true};
    if (!store_is_settled(s))
        return err_new(ERR_STORAGE, "'%s/%s' still holds the only copy of the identity",
                       store_name(s), STORE_JOURNAL_NAME);
    if (!s->is_open) {
        set_renewal(s, &r);
        s->is_marked = true;
    }
    /* The journal of an earlier one does as well. */
    if (s->dir && !dir_has(s->dir, STORE_JOURNAL_NAME))
        TRY_CTX(dir_rename(s->dir, WRITE_TEST, STORE_JOURNAL_NAME), "marking the renewal as open");
    return NULL;
}

static RESULT write_committed(struct store *s, struct credentials *creds, const char *tokenhash)
{
    struct store_journal j = {
        .creds = creds,
        .generation = s->renewal.generation,
        .started = s->renewal.started,
    };
    memcpy(j.tokenhash, tokenhash, strlen(tokenhash) + 1);
    fingerprint(s, j.base);
    err_ignore(dir_remove(s->dir, RESERVE), "there may be room enough all the same");
    return write_journal(s, &j);
}

RESULT store_commit(struct store *s, struct credentials *creds, const char *tokenhash)
{
    if (!store_files_is_hash(tokenhash))
        return err_new(ERR_BUG, "'%.64s' is not the hash of a token", tokenhash);
    if (s->dir)
        TRY_CTX(write_committed(s, creds, tokenhash), "storing the new identity");
    hold(s, creds, tokenhash);
    end_renewal(s);
    struct err *e = store_settle(s);
    if (e)
        note_error(s, err_wrap(e, "the new identity is stored, but only in the journal yet"));
    return NULL;
}

/* A mark is kept for the next time: the disk may still be too full to make another. */
static RESULT end_journal(struct store *s)
{
    if (s->is_marked && dir_has(s->dir, STORE_JOURNAL_NAME))
        return dir_rename(s->dir, STORE_JOURNAL_NAME, WRITE_TEST);
    return remove_journal(s);
}

RESULT store_abort_renewal(struct store *s)
{
    if (!s->is_open)
        return NULL;
    if (s->dir)
        TRY_CTX(end_journal(s), "ending a renewal that did not happen");
    end_renewal(s);
    return NULL;
}

bool store_is_settled(const struct store *s)
{
    return !s->dir || !s->held;
}

RESULT store_settle(struct store *s)
{
    if (store_is_settled(s))
        return NULL;
    TRY_CTX(store_files_publish(s->dir, s->held, s->held_tokenhash),
            "writing the identity's files");
    TRY_CTX(remove_journal(s), "ending a renewal that is complete");
    credentials_free(TAKE(s->held));
    return NULL;
}

void store_take_notes(struct store *s, struct strlist *ret)
{
    *ret = s->notes;
    s->notes = (struct strlist){0};
}
