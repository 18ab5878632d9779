/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_BOTS_H
#define TBOT_AUTHORITY_BOTS_H

/*
 * Bots, their generations and locks: the rules that make a renewable identity belong to one process.
 *
 * Every renewal presents the generation of the certificate it is made with. Equal to the stored one:
 * the stored one advances, and the caller makes that durable before it signs anything. Different:
 * somebody renewed with a copy, and the user is locked until a person unlocks it. No time, no disk,
 * no certificates here: state in, decision out.
 *
 * Up to version 15 a bot has one generation for ever; from 16 each join begins an instance with a
 * generation of its own. The one bot of version 15 is an instance with the empty id.
 *
 * Threads: whoever owns the struct guards it. Zero-initialised is empty.
 */

#include "base/entropy.h"
#include "base/strlist.h"

#define BOTS_MAX 1024
#define BOTS_MAX_INSTANCES 64 /* of one bot; the one heard of least recently is forgotten */
#define BOTS_MAX_NAME 128
#define BOTS_UUID_SIZE 37

/* Fills in a random UUID (RFC 9562, version 4). */
void bots_uuid(const struct entropy *entropy, char out[BOTS_UUID_SIZE]);

struct bot_instance {
    char id[BOTS_UUID_SIZE]; /* "" up to version 15 */
    int64_t generation;
};

struct bot {
    char *name;
    char *user;           /* "bot-NAME", blanks as '-': the certificate's name, and the role's */
    struct strlist roles; /* what it may impersonate */
    bool is_locked;
    struct bot_instance instances[BOTS_MAX_INSTANCES]; /* most recent last */
    size_t n_instances;
};

struct bots {
    struct bot **items;
    size_t len;
};

void bots_release(struct bots *b);

/* A new bot; ERR_REJECTED for a name that is taken or of an odd form. *ret is borrowed. */
RESULT bots_add(struct bots *b, const char *name, const struct strlist *roles, struct bot **ret);

/* NULL when there is none. */
struct bot *bots_find(const struct bots *b, const char *name);
struct bot *bots_find_user(const struct bots *b, const char *user);

/* ERR_LOCKED, in the cluster's words, for a locked bot. */
RESULT bot_check_lock(const struct bot *bot);

/* As kept under the user's label: of the instance that was heard of last; 0: none yet. */
int64_t bot_generation(const struct bot *bot);

/*
 * A join with a single-use token. With an id, a new instance begins at generation 1; with "" the
 * bot must not have a generation yet (ERR_REJECTED). Locked: ERR_LOCKED.
 */
RESULT bot_join(struct bot *bot, const char *instance_id, int64_t *ret_generation);

/*
 * A renewal with the certificate of `instance_id` at generation `presented`. The stored generation
 * advances and is returned. A mismatch locks the bot: ERR_DENIED, while *ret_generation stays as it is;
 * the caller stores the lock. An instance we do not know begins anew, as a cluster does it.
 */
RESULT bot_renew(struct bot *bot, const char *instance_id, int64_t presented,
                 int64_t *ret_generation);

#endif
