/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bot keeps its identity, and what is there. */
#include "agent/check_place.h"
#include "agent/check_private.h"
#include "identity/store.h"
#include "identity/store_look.h"

#include <string.h>

#define REJOIN                                                                                     \
    "Give the bot a new token: 'tctl bots instances add NAME', before version 16.2 of the "        \
    "cluster "                                                                                     \
    "a new bot."

static void check_rights(struct check *c, const struct check_point *at, const struct check_place *p)
{
    if (p->owner != geteuid())
        check_warn(
            c, at,
            "Run this test as the user that runs tbot; if you did, give the directory to that "
            "user: its owner can replace the bot's key.",
            "it belongs to user %u, and this is user %u", (unsigned)p->owner, (unsigned)geteuid());
    if (p->mode & 022)
        check_warn(c, at, "Who can write there can replace the bot's key: 'chmod 700'.",
                   "others than its owner can write to it (mode %04o)", (unsigned)p->mode);
}

/* A test beside a running agent is nothing unusual: a new file is tested before it replaces the old. */
static void check_use(struct check *c, const struct check_point *at, const struct check_place *p,
                      const struct store_look *l)
{
    char room[CHECK_SIZE_TEXT] = "unlimited room";
    if (!p->is_roomy)
        check_size_text(p->room, room);
    if (l->holder)
        check_ok(c, at, "in use by a running agent (process %d), mode %04o, %s free",
                 (int)l->holder, (unsigned)p->mode, room);
    else
        check_ok(c, at, "can be used, mode %04o, %s free", (unsigned)p->mode, room);
}

static void check_journal(struct check *c, const struct check_point *at, const struct store_look *l)
{
    const struct check_point journal = {"journal", at->subject};
    CLEANUP(freep) char *damage = l->recovery.damage ? err_text(l->recovery.damage) : NULL;
    switch (l->recovery.kind) {
    case STORE_RECOVERY_NOTHING:
        return;
    case STORE_RECOVERY_REDO:
        check_ok(c, &journal, "a renewal whose reply is stored: the next start completes it");
        return;
    case STORE_RECOVERY_STALE:
        check_ok(c, &journal,
                 "of a renewal before the one that is stored: the next start removes it");
        return;
    case STORE_RECOVERY_DAMAGED:
        check_warn(c, &journal,
                   "The next start takes it for a renewal whose outcome is not known, and asks the "
                   "cluster before it sends anything.",
                   "%s", damage ? damage : "damaged");
        return;
    case STORE_RECOVERY_OPEN:
        break;
    }
    if (l->holder)
        check_ok(c, &journal, "the running agent is renewing");
    else
        check_warn(c, &journal,
                   "The next start asks the cluster whether it was counted; if it was, the bot "
                   "needs a new token.",
                   "a renewal was interrupted, and its outcome is not known (generation %lld)",
                   (long long)l->recovery.journal.generation);
}

/* Keeps what can still be used for the way to the cluster. */
static void judge_times(struct check *c, const struct check_point *at, struct credentials *creds)
{
    const struct subject *who = credentials_subject(creds);
    struct wall now = clock_wall(c->clock);
    char from[RFC3339_SIZE], until[RFC3339_SIZE];
    wall_format(credentials_not_before(creds), false, from);
    wall_format(credentials_not_after(creds), false, until);
    c->needs_token = credentials_expired(creds, now);
    if (c->needs_token) {
        check_warn(c, at, REJOIN, "it expired at %s: a start has to join anew", until);
        return;
    }
    if (wall_before(now, credentials_not_before(creds)))
        check_warn(c, at, "Check the clock of this machine.",
                   "it is not valid before %s, which is in the future", from);
    else
        check_ok(c, at, "bot '%s' of cluster '%s', generation %lld, valid until %s", who->bot_name,
                 who->cluster, (long long)who->generation, until);
    c->stored = credentials_ref(creds);
}

static void check_identity(struct check *c, const struct check_point *storage, struct store_look *l)
{
    const struct check_point at = {"identity", storage->subject};
    if (l->creds) {
        c->has_identity = true;
        memcpy(c->tokenhash, l->tokenhash, sizeof(c->tokenhash));
        judge_times(c, &at, l->creds);
        return;
    }
    if (err_code(l->why) == ERR_NOT_FOUND)
        check_ok(c, &at, "none is stored: a start joins");
    else
        check_err(c, &at, CHECK_FAILED, TAKE(l->why));
}

static void check_contents(struct check *c, const struct check_point *at,
                           const struct check_place *p)
{
    CLEANUP(store_look_release) struct store_look l = {0};
    struct err *e = store_look(p->dir, &l);
    if (e) {
        check_err(c, at, CHECK_FAILED, e);
        return;
    }
    check_use(c, at, p, &l);
    check_identity(c, at, &l);
    check_journal(c, at, &l);
}

static struct err *look(const struct config_destination *d, struct check_place *p)
{
    TRY(check_place_look(d->path, d->symlinks, p));
    TRY(check_place_writable(p, d->path));
    return check_place_room(p, STORE_ROOM);
}

static void check_directory(struct check *c, const struct check_point *at,
                            const struct config_destination *d)
{
    const struct check_point identity = {"identity", at->subject};
    CLEANUP(check_place_release) struct check_place p = {0};
    struct err *e = look(d, &p);
    if (e) {
        check_err(c, at, CHECK_FAILED, e);
        check_skip(c, &identity, "the storage comes first");
    } else if (p.is_missing) {
        check_ok(c, at, "will be made, in '%s'", dir_path(p.dir));
        check_ok(c, &identity, "none is stored: a start joins");
    } else {
        check_contents(c, at, &p);
        check_rights(c, at, &p);
    }
}

void check_storage(struct check *c, const struct config *config)
{
    const struct config_destination *d = &config->storage;
    c->needs_token = true; /* until an identity is found that does without */
    if (d->type == CONFIG_DESTINATION_MEMORY)
        check_ok(c, &(struct check_point){"storage", "memory"},
                 "nothing is kept: every start joins, and needs a token for it");
    else
        check_directory(c, &(struct check_point){"storage", d->path}, d);
}
