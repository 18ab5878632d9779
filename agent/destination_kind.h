/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DESTINATION_KIND_H
#define TBOT_AGENT_DESTINATION_KIND_H

/* What a kind of destination has to bring: for destination*.c only. */

#include "agent/destination.h"

/*
 * Each kind begins with one of these. See destination.h for what the functions promise. Their errors
 * name the place, once: nobody above adds it.
 */
struct destination_kind {
    const char *text;      /* borrowed from the kind's own struct */
    const char *dir;       /* likewise; NULL: no directory */
    const struct ctx *ctx; /* of destination_use(); NULL: none was given */
    void (*free)(struct destination_kind *k);
    RESULT (*prepare)(struct destination_kind *k, struct destination_report *ret);
    RESULT(*publish)
    (struct destination_kind *k, const struct dir_file *files, size_t n_files,
     struct destination_report *ret);
    RESULT (*read)(struct destination_kind *k, const char *name, struct secret **ret);
};

RESULT destination_directory_new(const struct config_destination *config,
                                 const struct entropy *entropy, struct destination_kind **ret);
RESULT destination_memory_new(const struct config_destination *config,
                              struct destination_kind **ret);
RESULT destination_kubernetes_secret_new(const struct config_destination *config,
                                         struct destination_kind **ret);

#endif
