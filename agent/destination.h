/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DESTINATION_H
#define TBOT_AGENT_DESTINATION_H

/*
 * Where an output's files go: a directory, memory, or a Kubernetes secret.
 *
 *     TRY(destination_new(&service->destination, entropy, &d));
 *     TRY(destination_prepare(d, &report));                      once, at start
 *     TRY(destination_publish(d, files.items, files.len, &report));  at each renewal
 *     TRY(destination_verify(d, &wrong));                        is it still what we wrote?
 *
 * Publishing is one transaction: on an error nothing has changed, unless it was the last step, the
 * renames themselves, that failed half way; then publishing again puts it right. No reader sees
 * part of a file. Where a directory does not let us make files (prepared for us by somebody else,
 * or single files mounted over), files are overwritten in place and the report says `in_place`: a
 * reader may then meet half a file.
 *
 * With `atomic: symlink` a directory's files change all at once (base/dir_generation.h); then nothing
 * is ever overwritten, and what does not allow that is an error at destination_prepare(). Turning it
 * on or off for a directory in use changes no file's content.
 *
 * A Kubernetes secret changes as a whole, by one request, within the ctx of destination_use(). It is the one
 * kind whose publishing is not for "the named files" alone: what an earlier set had and this one has not
 * goes.
 *
 * A directory is opened anew by each call: one that was removed and made again, or mounted over,
 * is found, unless the agent's sandbox was closed around what was there before (agent/sandbox.h); the hint
 * says so then. Nothing is kept open between renewals.
 *
 * Errors are ERR_STORAGE, ERR_NOT_FOUND, and ERR_CONFIG for readers that do not exist, or for a secret
 * outside of a pod; for a secret also those of agent/kube_client.h. Errors name the place. Warnings are sentences for the log. Threads: a destination belongs to one thread at a time.
 */

#include "agent/config.h"
#include "base/ctx.h"
#include "base/dir.h"
#include "base/entropy.h"

#define DESTINATION_MAX_FILE_SIZE (16U << 20)

struct destination;

struct destination_report {
    unsigned changed;        /* files whose content is new */
    bool in_place;           /* some file was, or will be, overwritten rather than replaced */
    struct strlist warnings; /* what a person should know */
};
void destination_report_release(struct destination_report *r);

/* Adds a warning: `before`, the text of `cause`, `after`. */
RESULT destination_report_warn(struct destination_report *r, const char *before,
                               const struct err *cause, const char *after);

/* Touches nothing yet. `config` and `entropy` are borrowed for the life of the destination. */
RESULT destination_new(const struct config_destination *config, const struct entropy *entropy,
                       struct destination **ret);
void destination_free(struct destination *d); /* accepts NULL; wipes what is in memory */
DEFINE_FREEP(destination)

/*
 * The deadline and the stop of all calls that follow, for the kinds that ask somebody; borrowed until the
 * next call of this, or NULL.
 */
void destination_use(struct destination *d, const struct ctx *ctx);

/* For messages: "directory '/opt/machine-id'", "memory". Lives as long as `d`. */
const char *destination_text(const struct destination *d);

/* The absolute path of a directory, NULL for memory: where a file can point at its neighbours. */
const char *destination_dir(const struct destination *d);

/*
 * Makes the directory (0700) with its missing parents, proves that we can write there by really
 * writing `.write-test`, tries out and sets the readers' ACL as `acls` asks, and puts in order
 * what an interrupted run or another setting of `atomic` left. Memory with a copy in the storage
 * takes up what is in it; a copy that cannot be read or kept is a warning, here and later.
 */
RESULT destination_prepare(struct destination *d, struct destination_report *ret);

/* Replaces the named files, leaves all others alone. */
RESULT destination_publish(struct destination *d, const struct dir_file *files, size_t n_files,
                           struct destination_report *ret);

/* Reads a file back; anything may be secret, so everything is handled as if it were. */
RESULT destination_read(struct destination *d, const char *name, struct secret **ret);

/*
 * Appends the names of files that are gone or no longer what the last destination_publish() of this
 * `d` wrote. None before the first.
 */
RESULT destination_verify(struct destination *d, struct strlist *ret_wrong);

#endif
