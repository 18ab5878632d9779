/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PATH_SETTINGS_H
#define TBOT_TRANSPORT_PATH_SETTINGS_H

/*
 * Hashes of the settings that decide how a cluster is reached and joined. What was learnt under one
 * hash is not used under another. Everything else of a configuration is left out on purpose: one more
 * output must not undo what is known.
 *
 * A hash is lower-case hex SHA-256 over the settings in a fixed order, each with its length in front,
 * so that no two different settings read the same.
 */

#include "base/encode.h"
#include "base/secret.h"
#include "base/strlist.h"
#include "transport/path.h"

/* What makes a connection. All borrowed. */
struct path_settings {
    const struct address *address;
    enum path_kind kind;
    const struct strlist *ca_pins; /* NULL: none */
    const char *ca_path; /* NULL or "": none; counts by what is in it, if that can be read */
    bool insecure;
    char *(*get)(const char *name); /* getenv(3), for transport/environment.h's variables */
};

RESULT path_settings_hash(const struct path_settings *s, char ret[SHA256_HEX_SIZE]);

/*
 * The same and what makes a join: the method (NULL: none) and the token (NULL: none), which goes in
 * as its hash.
 */
RESULT path_settings_join_hash(const char *settings_hash, const char *method,
                               const struct secret *token, char ret[SHA256_HEX_SIZE]);

#endif
