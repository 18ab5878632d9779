/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_STORE_H
#define TBOT_IDENTITY_STORE_H

/*
 * The bot's own identity, kept from one start to the next.
 *
 * A directory holds it under the names Go tbot uses (`key`, `tlscert`, `key-cert.pub`, …, see
 * identity/store_files.h), so that either program can take the directory of the other over. While
 * it is open, `lock` is held: two agents on one identity would lock the bot at the second renewal.
 *
 * A renewal is asked of a server that must not be asked twice, so it is a transaction:
 *
 *     TRY(store_begin_renewal(s, generation, new_key, now));   durable before anything is sent
 *     ... the request ...
 *     TRY(store_commit(s, creds, tokenhash));                  durable before anything else happens
 *
 * The file `renewal.journal` (identity/store_journal.h) carries it. begin writes it *open*: the
 * generation presented and the new key. commit replaces it by a *committed* one, which holds the
 * whole new identity; the rename of that one file is the moment the new identity counts. The flat
 * files are then written from it, and it is removed. While it is open, `renewal.reserve` holds disk
 * space for the reply. What a crash leaves behind is sorted out by store_open():
 *
 *     no journal            the flat files are the identity
 *     committed             written into the flat files once more; may be repeated at will
 *     open                  reported by store_open_renewal(): did the server go on or not?
 *     older than the files  another program used the directory since: removed, with a note
 *     damaged               as open, with nothing known about it
 *
 * After a clean stop there is no journal. store_commit() needs no begin: a first join, or an
 * identity that lived in memory while the disk was full, is committed just so; and it may be called
 * again.
 *
 * With memory storage the calls are the same, nothing is on disk and everything is gone at the end.
 *
 * Errors are ERR_STORAGE where not said otherwise; nothing that was stored is ever deleted but a
 * journal. Threads: one at a time. The calls block on the disk: workers only.
 */

#include "base/dir.h"
#include "base/encode.h"
#include "identity/pki/credentials.h"

/* In the directory: locked while it is open. */
#define STORE_LOCK_NAME "lock"

/* What a renewal reserves: room for the reply's journal and for the flat files beside the old ones,
 * several times over. */
#define STORE_ROOM (256 * 1024)

struct store;

struct store_config {
    const char *path;
    enum symlink_policy symlinks;
    bool create; /* make the directory (0700) when it is missing */
};

/* ERR_BUSY when another process has the directory open. */
RESULT store_open(const struct store_config *config, struct store **ret);
RESULT store_open_memory(struct store **ret);

/* Gives the lock back; a journal stays for the next start. Accepts NULL. */
void store_close(struct store *s);
static inline void store_closep(struct store **s)
{
    store_close(*s);
}

/* For messages: the path, or "memory". */
const char *store_name(const struct store *s);

/*
 * Reads the identity. ERR_NOT_FOUND when there is none, or a part of it is missing or empty.
 * ERR_STORAGE or ERR_CRYPTO when a file is damaged or the parts do not belong together; the message
 * names the file, the hint the remedy. `ret_tokenhash` is "" when none is stored.
 */
RESULT store_load(struct store *s, struct credentials **ret, char ret_tokenhash[SHA256_HEX_SIZE]);

/*
 * Whether a new identity could be stored now: really writes, and takes the space for a moment. For
 * who is about to spend a token on one. Leaves nothing but Go tbot's own `.write-test`.
 */
RESULT store_check_room(struct store *s);

/* A renewal that was begun and neither committed nor aborted. */
struct store_renewal {
    int64_t generation;  /* presented; 0: a join, which presents none */
    struct key *key;     /* NULL: the identity's own key was to be kept */
    struct wall started; /* WALL_NONE: not known */
    bool is_damaged;     /* the journal is unreadable: generation is that of the stored identity */
};

/* Borrowed until the next call that changes it; NULL when there is none. */
const struct store_renewal *store_open_renewal(const struct store *s);

/*
 * Writes the open journal and reserves space for the reply. `new_key`, NULL when the present one is
 * kept, gets a reference. An earlier open renewal is replaced: resolve it first. After an error
 * nothing is open that was not before, and no request may count on the disk.
 */
RESULT store_begin_renewal(struct store *s, int64_t generation, struct key *new_key,
                           struct wall now);

/*
 * For who must renew although store_begin_renewal() found no room: makes an empty journal out of
 * `.write-test`, which is a rename and takes no space. The next start finds it damaged and so knows
 * that a request may be out. An error says that it may not be there; the renewal may go on all the
 * same, and is committed or aborted as any other.
 */
RESULT store_mark_renewal(struct store *s, int64_t generation, struct wall now);

/*
 * Makes `creds` the stored identity. `tokenhash` is the lower-case hex SHA-256 of the token it was
 * joined with, "" without one. After an error the disk holds what it held before: keep `creds` and
 * call again. NULL means that the new identity is durable; should only the flat files not have been
 * written, it lives in the journal, a note says so, and store_settle() tries again.
 */
RESULT store_commit(struct store *s, struct credentials *creds, const char *tokenhash);

/*
 * Removes the open journal. Only for who is certain that no request was written, or that the
 * server's generation did not advance. No error when nothing is open.
 */
RESULT store_abort_renewal(struct store *s);

/* Writes a committed identity into the flat files, if that is still to be done. */
RESULT store_settle(struct store *s);
bool store_is_settled(const struct store *s);

/* What a person should be told of, collected since the last call; moved into the empty `ret`. */
void store_take_notes(struct store *s, struct strlist *ret);

#endif
