/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_STATE_H
#define TBOT_AUTHORITY_STATE_H

/*
 * All that the authority remembers: its authorities' keys, bots, tokens; and its form as one JSON
 * document. It may be kept in one file of mode 0600, replaced as a whole with every change.
 *
 * The keys are a development authority's: what the JSON library copies of them is not wiped.
 *
 * Threads: whoever owns the struct guards it. Zero-initialised is empty.
 */

#include "authority/bots.h"
#include "authority/ca.h"
#include "authority/tokens.h"

#include "base/dir.h"

#define STATE_MAX ((size_t)16 << 20)

/* The number a document carries; another one is refused. */
#define STATE_FORMAT 1

struct state {
    char *cluster;
    enum suite suite;
    struct ca cas[CA_KIND_COUNT];
    struct ca_keys web; /* signs the web port's certificate; the cluster does not know it */
    struct bots bots;
    struct tokens tokens;
};

void state_release(struct state *s);

/* A new cluster with fresh keys: takes a second or two with suite legacy. */
RESULT state_generate(const char *cluster, enum suite suite, struct wall now, struct state *ret);

RESULT state_encode(const struct state *s, struct secret **ret);

/* ERR_STORAGE names what is wrong in the document. */
RESULT state_decode(struct bytes json, struct state *ret);

/* Where the state is kept. */
struct state_file;

/*
 * Opens the directory of `path` (which must exist) and locks it against a second authority: ERR_BUSY.
 */
RESULT state_file_open(const char *path, struct state_file **ret);
void state_file_close(struct state_file *f); /* accepts NULL */
static inline void state_file_closep(struct state_file **f)
{
    state_file_close(*f);
}

/* ERR_NOT_FOUND when nothing was saved yet. */
RESULT state_file_load(struct state_file *f, struct state *ret);

/* Durable when it returns. */
RESULT state_file_save(struct state_file *f, const struct state *s);

#endif
