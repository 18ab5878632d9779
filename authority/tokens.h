/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_TOKENS_H
#define TBOT_AUTHORITY_TOKENS_H

/*
 * Join tokens of the method `token`: each lets one bot in, once.
 *
 * The name of such a token is the secret itself. A used token is forgotten but for its hash, so that
 * naming it on the command line of the next start does not bring it back.
 *
 * Threads: whoever owns the struct guards it. Zero-initialised is empty.
 */

#include "base/entropy.h"
#include "base/secret.h"
#include "base/strlist.h"

#define TOKENS_MAX 4096
#define TOKENS_MAX_USED 65536
#define TOKENS_MAX_LEN 256

struct token {
    struct secret *value;
    char *bot;
};

struct tokens {
    struct token *items;
    size_t len;
    struct strlist used; /* SHA-256 of each, in hex */
};

void tokens_release(struct tokens *t);

/* ERR_REJECTED for a value that is empty, too long, known, or was used before. */
RESULT tokens_add(struct tokens *t, const char *value, const char *bot);

/* 32 random hex digits, as `tctl bots add` makes them. */
RESULT tokens_random(const struct entropy *entropy, struct secret **ret);

/*
 * The bot a token is for, borrowed. ERR_DENIED, in the cluster's words, for one that is unknown or
 * used. It is not used up yet: see tokens_use().
 */
RESULT tokens_find(const struct tokens *t, const char *value, const char **ret_bot);

/* Any token of a bot, borrowed, or NULL. */
const struct secret *tokens_of_bot(const struct tokens *t, const char *bot);

/* Forgets a token for good. */
RESULT tokens_use(struct tokens *t, const char *value);

RESULT tokens_was_used(const struct tokens *t, const char *value, bool *ret);

#endif
